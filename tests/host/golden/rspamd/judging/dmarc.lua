-- Written by pyinfra-mail; changes here are replaced by the next run.
-- DMARC of incoming mail (RFC 9989). The tree walk finds policies and organizations, and no list of
-- suffixes; mail_filter.dmarc_except has the exceptions.

local rspamd_ip = require 'rspamd_ip'

local MOST = 8 -- names at which a walk asks (section 4.10)
local SIGNATURES = 8 -- that count, so that nobody makes this host ask hundreds of names
local LONGEST = 253 - #'_dmarc.'
local STEPS = { none = 0, quarantine = 1, reject = 2 }
local NAMES = { [0] = 'none', 'quarantine', 'reject' }
local SYMBOLS = { [0] = 'DMARC_POLICY_SOFTFAIL', 'DMARC_POLICY_QUARANTINE', 'DMARC_POLICY_REJECT' }
local ABSENT = { ['requested record is not found'] = true, ['no records with this name'] = true }
local trusted_domains = {
  ['lists.example.net'] = true,
}
local trusted_networks = {
  { address = rspamd_ip.from_string('192.0.2.0'), length = 24 },
  { address = rspamd_ip.from_string('2001:db8:7::'), length = 48 },
}

-- The domains at which a walk asks, beginning with the domain itself.
local function targets(domain)
  local labels, found = {}, { domain }
  for label in domain:gmatch('[^.]+') do
    labels[#labels + 1] = label
  end
  for start = math.max(2, #labels - MOST + 2), #labels do
    found[#found + 1] = table.concat(labels, '.', start)
  end
  return found
end

local function is_policy(text)
  return text:match('^v%s*=%s*DMARC1%s*;') or text:match('^v%s*=%s*DMARC1%s*$')
end

-- The tags of a policy, or nil if it is not valid: without a valid request it needs a report address.
local function parsed(text)
  local tags = {}
  for part in text:gmatch('[^;]+') do
    local name, value = part:match('^%s*([%w_-]+)%s*=%s*(.-)%s*$')
    if name and not tags[name:lower()] then
      tags[name:lower()] = value:lower()
    end
  end
  tags.counts = STEPS[tags.p]
  for _, name in ipairs({ 'sp', 'np' }) do
    tags.counts = tags.counts and (not tags[name] or STEPS[tags[name]])
  end
  local reported = (tags.rua or ''):match('mailto:[^,@]+@[^,@]') or (tags.rua or ''):match('https://')
  return (tags.counts or reported) and tags or nil
end

-- The one policy of a domain; several count as none.
local function single(domain, answers)
  local found
  for _, text in ipairs(answers[domain] or {}) do
    if is_policy(text) then
      if found then
        return nil
      end
      found = text
    end
  end
  return found and parsed(found)
end

-- The policies of a walk; one of an organization, or of a public suffix, is its last.
local function walk(domains, answers)
  local found = {}
  for _, domain in ipairs(domains) do
    local policy = single(domain, answers)
    if policy then
      found[#found + 1] = { domain = domain, tags = policy }
      if policy.psd == 'y' or policy.psd == 'n' then
        break
      end
    end
  end
  return found
end

local function organization(domain, found)
  local last = found[#found]
  if not last then
    return domain
  end
  if last.tags.psd == 'y' and last.domain ~= domain then
    local above = domain:sub(1, #domain - #last.domain - 1)
    return above:match('[^.]+$') .. '.' .. last.domain
  end
  return last.domain
end

-- The policy for a domain: its own, else that of its organization, else that of its public suffix.
local function discovered(domain, answers)
  local own = single(domain, answers)
  if own then
    return { domain = domain, tags = own }
  end
  local above = targets(domain)
  table.remove(above, 1)
  local found = walk(above, answers)
  local wanted = organization(domain, found)
  for _, one in ipairs(found) do
    if one.domain == wanted then
      return one
    end
  end
  return found[#found]
end

local function aligned(author, domain, mode, answers)
  if author == domain or mode == 's' then
    return author == domain
  end
  local first = organization(author, walk(targets(author), answers))
  return first == organization(domain, walk(targets(domain), answers))
end

-- The number of the policy that is asked for; t=y asks for one step less (section 4.7).
local function step(policy, author, exists)
  local tags, request = policy.tags, policy.tags.p
  if not tags.counts then
    return 0
  end
  if author ~= policy.domain then
    request = (not exists and tags.np) or tags.sp or tags.p
  end
  return math.max(0, STEPS[request] - (tags.t == 'y' and 1 or 0))
end

-- Call `done` with the answers to questions, each by its key, and with what could not be answered.
local function asked(task, questions, done)
  local answers, failed, pending = {}, {}, 1
  local function finished()
    pending = pending - 1
    if pending == 0 then
      done(answers, failed)
    end
  end
  for key, question in pairs(questions) do
    pending = pending + 1
    local sent = task:get_resolver():resolve(question.kind, {
      task = task,
      name = question.name,
      forced = true,
      callback = function(_, _, results, err)
        answers[key] = results or {}
        failed[key] = err and not ABSENT[err] or nil
        finished()
      end,
    })
    if not sent then -- no name of the DNS
      finished()
    end
  end
  finished()
end

-- The domain of a sender, or of the greeting if there is none (RFC 7208 section 2.4).
local function envelope_domain(task)
  local from = (task:get_from('smtp') or {})[1]
  local domain = from and from.domain or ''
  return (domain ~= '' and domain or task:get_helo() or ''):lower()
end

-- The domains that passed, by method, and whether a method had no answer.
local function identities(task)
  local spf, signed, unknown = nil, {}, task:has_symbol('R_SPF_DNSFAIL')
  if task:has_symbol('R_SPF_ALLOW') then
    spf = envelope_domain(task)
  end
  for _, one in ipairs(task:get_dkim_results() or {}) do
    unknown = unknown or one.result == 'tempfail'
    if one.result == 'allow' and one.domain and #signed < SIGNATURES then
      signed[#signed + 1] = one.domain:lower()
    end
  end
  return spf, signed, unknown
end

-- The one domain in the From header.
local function author_domain(task)
  local found
  for _, one in ipairs(task:get_from('mime') or {}) do
    local domain = (one.domain or ''):lower()
    if domain == '' or (found and found ~= domain) then
      return nil
    end
    found = domain
  end
  return found
end

local function trusted(task, author)
  local ip = task:get_from_ip()
  for _, network in ipairs(ip and ip:is_valid() and trusted_networks or {}) do
    if ip:get_version() == network.address:get_version()
        and ip:apply_mask(network.length) == network.address then
      return true
    end
  end
  return trusted_domains[author]
end

-- A failed policy marks or refuses the message.
local function applied(task, author, number)
  local reason = author .. ' : neither SPF nor DKIM passes for this domain'
  if trusted(task, author) then
    task:insert_result(SYMBOLS[number], 0.0, reason, NAMES[number], 'local_policy')
    return
  end
  task:insert_result(SYMBOLS[number], 1.0, reason, NAMES[number])
  local why = ('neither SPF nor DKIM passes for %s, whose DMARC policy is %s'):format(author, NAMES[number])
  if number == 2 then
    task:set_pre_result('reject', why, 'dmarc')
  elseif number == 1 then -- a high score may still refuse it
    task:set_pre_result('add header', why, 'dmarc', nil, nil, 'least')
  end
end

-- Whether an author's domain exists decides only where its organization has a policy for that.
local function failed_for(task, author, policy)
  if author == policy.domain or not policy.tags.np then
    applied(task, author, step(policy, author, true))
    return
  end
  local questions = {}
  for _, kind in ipairs({ 'a', 'aaaa', 'mx' }) do
    questions[kind] = { kind = kind, name = author }
  end
  asked(task, questions, function(answers, failed)
    local exists = next(failed) ~= nil
    for _, results in pairs(answers) do
      exists = exists or #results > 0
    end
    applied(task, author, step(policy, author, exists))
  end)
end

local function judged(task, author, answers, failed)
  for _, name in ipairs(targets(author)) do
    if failed[name] then
      task:insert_result('DMARC_DNSFAIL', 1.0, author .. ' : no answer about its policy')
      return
    end
  end
  local policy = discovered(author, answers)
  if not policy then
    task:insert_result('DMARC_NA', 1.0, author)
    return
  end
  local spf, signed, unknown = identities(task)
  local passes = spf and aligned(author, spf, policy.tags.aspf, answers)
  for _, domain in ipairs(signed) do
    passes = passes or aligned(author, domain, policy.tags.adkim, answers)
  end
  if passes then
    task:insert_result('DMARC_POLICY_ALLOW', 1.0, author, NAMES[step(policy, author, true)])
  elseif unknown or next(failed) then
    task:insert_result('DMARC_DNSFAIL', 1.0, author .. ' : no answer about SPF or DKIM')
  else
    failed_for(task, author, policy)
  end
end

return function(task)
  local author = author_domain(task)
  if not author then
    task:insert_result('DMARC_NA', 1.0, 'From header without one domain')
    return
  end
  local spf, domains = identities(task)
  domains[#domains + 1] = author
  domains[#domains + 1] = spf
  local questions = {}
  for _, domain in ipairs(domains) do
    for _, name in ipairs(targets(domain)) do
      if #name <= LONGEST then
        questions[name] = { kind = 'txt', name = '_dmarc.' .. name }
      end
    end
  end
  asked(task, questions, function(answers, failed)
    judged(task, author, answers, failed)
  end)
end
