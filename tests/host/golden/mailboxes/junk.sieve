# Written by pyinfra-mail; changes here are replaced by the next run.
# What rspamd marked is filed into Junk (mail_filter), before the rules of its user: none of them
# answers or forwards it.
require ["fileinto", "mailbox"];

if header :is "X-Spam" "Yes" {
  fileinto :create "Junk";
  stop;
}
