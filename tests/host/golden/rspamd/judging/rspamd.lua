-- Written by pyinfra-mail; changes here are replaced by the next run.

-- Mail of a domain with keys never leaves unsigned: if a key cannot be read, mail waits.
local domains = (rspamd_config:get_all_opt('dkim_signing') or {}).domain or {}

local function outgoing(task)
  local ip = task:get_from_ip()
  return task:get_user() or (ip and ip:is_local())
end

local function unsigned(task)
  local from = task:get_from('mime')
  local domain = from and from[1] and domains[string.lower(from[1].domain or '')]
  if not domain or not outgoing(task) or task:has_pre_result() then
    return
  end
  local signed = task:get_symbol('DKIM_SIGNED')
  if #(signed and signed[1].options or {}) < #domain.selectors then
    task:set_pre_result('soft reject', 'Message could not be signed; try again later')
  end
end

-- mail_filter: DMARC of what comes in from outside.
local dmarc = dofile(rspamd_paths['LOCAL_CONFDIR'] .. '/local.d/dmarc.lua')

local walk = rspamd_config:register_symbol({
  name = 'DMARC_WALK',
  type = 'callback',
  callback = function(task)
    if not outgoing(task) then
      dmarc(task)
    end
  end,
  flags = 'empty,nostat',
})
for _, result in ipairs({ 'ALLOW', 'REJECT', 'QUARANTINE', 'SOFTFAIL' }) do
  rspamd_config:register_symbol({ name = 'DMARC_POLICY_' .. result, type = 'virtual', parent = walk })
end
for _, result in ipairs({ 'DMARC_NA', 'DMARC_DNSFAIL' }) do
  rspamd_config:register_symbol({ name = result, type = 'virtual', parent = walk, score = 0.0 })
end
rspamd_config:register_dependency('DMARC_WALK', 'R_SPF_ALLOW')
rspamd_config:register_dependency('DMARC_WALK', 'R_DKIM_ALLOW')

-- The test line for Junk in a Subject, so that anybody can see a message there.
rspamd_config:register_symbol({
  name = 'JUNK_SAMPLE',
  type = 'callback',
  callback = function(task)
    local subject = task:get_header('Subject')
    if subject and not outgoing(task) and subject:find('YJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X', 1, true) then
      task:set_pre_result('add header', 'Message with a test line', 'junk', nil, nil, 'least')
    end
  end,
  flags = 'empty,nostat',
})

-- Recipients whose mail leads elsewhere, and of domains with such a catch-all the others. What is
-- judged as spam is refused there and not forwarded (mail_filter.forward_spam).
local forwards = {
  [ [[postmaster@harbor.example]] ] = false,
  [ [[abuse@harbor.example]] ] = false,
  [ [[away@harbor.example]] ] = true,
  [ [[@harbor.example]] ] = true,
}

local function forwarded(recipient)
  local address = string.lower(recipient.addr or '')
  local known = forwards[address]
  if known == nil then
    known = forwards[address:match('@.*$') or '']
  end
  return known
end

rspamd_config:register_symbol({
  name = 'SPAM_FORWARD',
  type = 'postfilter',
  callback = function(task)
    if outgoing(task) or task:get_metric_action() ~= 'add header' then
      return
    end
    for _, recipient in ipairs(task:get_recipients('smtp') or {}) do
      if forwarded(recipient) then
        task:set_pre_result('reject', 'Message looks like spam, which is not forwarded')
        return
      end
    end
  end,
  flags = 'empty,nostat',
})

-- What is signed is what leaves: content that another server would change is encoded before.
local encoded = dofile(rspamd_paths['LOCAL_CONFDIR'] .. '/local.d/encoding.lua')

local function encode(task)
  if task:get_header('DKIM-Signature') then
    return -- a signature of somebody else, which would not verify any more
  end
  -- rspamd 3.4 crashes if a rule takes more than 0.3 s for a message that is larger than this.
  if not outgoing(task) or task:get_size() >= 2097152 then
    return
  end
  local message, fields = encoded(tostring(task:get_content()))
  if message then
    local removed = {}
    for name in pairs(fields) do
      removed[name] = 0
    end
    task:set_milter_reply({ remove_headers = removed, add_headers = fields })
    task:set_message(message)
  end
end

rspamd_config:register_symbol({
  name = 'ENCODED',
  type = 'prefilter',
  callback = encode,
  flags = 'empty,nostat',
})

rspamd_config:register_symbol({
  name = 'UNSIGNED',
  type = 'postfilter',
  callback = unsigned,
  flags = 'empty,nostat',
})

-- An account sends from its own addresses only (RFC 6409 section 6.1). Postfix checks the envelope
-- sender; this rule checks the From header, which the reader sees.
local senders = {
  [ [[postmaster@harbor.example]] ] = { [ [[postmaster@harbor.example]] ] = true, },
}

local function forged(task)
  local user = task:get_user()
  local written = task:get_header_full('From') or {}
  if not user or #written == 0 then
    return
  end
  local own = senders[string.lower(user)] or {}
  -- As written: a rule of rspamd takes marks like +news off.
  local authors = task:get_from({'mime', 'orig'}) or {}
  local foreign = #written > 1 or #authors == 0
  for _, author in ipairs(authors) do
    foreign = foreign or not own[string.lower(author.addr or '')]
  end
  if foreign then
    task:set_pre_result('reject', 'From header address not owned by this account')
  end
end

rspamd_config:register_symbol({
  name = 'FORGED_AUTHOR',
  type = 'prefilter',
  callback = forged,
  flags = 'empty,nostat',
})
