-- Written by pyinfra-mail; changes here are replaced by the next run.

-- What rspamd's own rules begin with, which are not loaded.
require "global_functions" ()
config['regexp'] = {}
rspamd_maps = {}

-- Nothing leaves unsigned by surprise: a key that cannot be read makes mail wait.
local domains = (rspamd_config:get_all_opt('dkim_signing') or {}).domain or {}

local function ours(task)
  local ip = task:get_from_ip()
  return task:get_user() or (ip and ip:is_local())
end

local function unsigned(task)
  local from = task:get_from('mime')
  local domain = from and from[1] and domains[string.lower(from[1].domain or '')]
  if not domain or not ours(task) or task:has_pre_result() then
    return
  end
  local signed = task:get_symbol('DKIM_SIGNED')
  if #(signed and signed[1].options or {}) < #domain.selectors then
    task:set_pre_result('soft reject', 'the message could not be signed; send it again later')
  end
end

rspamd_config:register_symbol({
  name = 'UNSIGNED',
  type = 'postfilter',
  callback = unsigned,
  flags = 'empty,nostat',
})
