-- Written by pyinfra-mail; changes here are replaced by the next run.

-- rspamd's own rules, which are not loaded, begin with these lines.
require "global_functions" ()
config['regexp'] = {}
rspamd_maps = {}

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
