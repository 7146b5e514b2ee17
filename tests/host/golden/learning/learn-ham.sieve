# Written by pyinfra-mail; changes here are replaced by the next run.
# A message that was moved out of Junk, and not thrown away, is learned as ham (mail_filter.bayes).
require ["copy", "environment", "imapsieve", "vnd.dovecot.pipe"];

if anyof (environment :is "imap.mailbox" ["Junk", "Trash"], not size :under 500K) {
  stop;
}
pipe :copy :try "learn" ["ham"];
