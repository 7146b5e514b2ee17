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

rspamd_config:register_symbol({
  name = 'UNSIGNED',
  type = 'postfilter',
  callback = unsigned,
  flags = 'empty,nostat',
})
