# Removes the test messages of one run, those that interrupted runs have left for over an hour, and their notifications, from a mailbox: remove.pl MAILBOX RUN NUMBER...
# Waits a moment for the messages with these numbers, which have not arrived yet.
# Prints "box COUNT REASON": the number of removed messages, and the reason why others stay, if any do. Begin and end give this host's clock.
# Needs Linux, and no more than Debian's perl-base.
#
# No other message is lost:
# - It holds the dot-lock and the fcntl lock, as delivery agents and readers do (Debian policy 11.6). Both are tried without waiting, and both are released if one is taken, so no program waits for one lock while it holds the other. A lock of another program is never broken.
# - The file is rewritten in place. After a rename, a delivery agent that waits for the lock of the old file would write into a file without a name: Postfix notices that and defers, others may not. In place, the owner, mode and links stay as well.
# - After a kill at any point, every other message is complete. Mostly no message follows the removed ones, and one ftruncate is enough. Else the messages that follow are first appended again, and synced; only then they are moved down, which cannot reach the copy, and the copy is cut off. A kill in between leaves messages twice.
# - Only a complete test message is removed: from its From_ line, after an empty line, to the last line that it was sent with.
use strict;
use warnings;
use Fcntl qw(:DEFAULT :seek);
use IO::Handle;

my ($box, $run, @coming) = @ARGV;
my $recent = 8 << 20;    # only the end of the mailbox is read: new messages are there
my $patience = 5;
my $moment = 3;
my $header = qr/^X-Pyinfra-Mail-Test: (([0-9a-z]+)-[0-9]+)\r?$/m;
my $hour = 3600;
my $empty = qr/\r?\n\r?\n/;
my @signals = qw(HUP INT PIPE TERM);
my ($file, $lock);
my ($count, $reason) = (0, '');

$SIG{$_} = sub { exit 1 } for @signals;
END { local $?; release() }

$| = 1;
print 'begin ', time, "\n";
eval { remove(); 1 } or chomp($reason = $@);
release();
print "box $count $reason\n";
print 'end ', time, "\n";

sub remove {
    my @found = lstat $box or return;
    die "it is not a regular file\n" unless -f _;
    die "it has more than one link\n" unless $found[3] == 1;
    sysopen $file, $box, O_RDWR | O_NOFOLLOW | O_NONBLOCK or die "it cannot be opened: $!\n";
    await();
    (contents())[1] =~ $header or return;
    acquire();
    my @held = stat $file;
    my @there = lstat $box or die "it is gone\n";
    die "it was replaced meanwhile\n" unless "@held[0, 1, 3]" eq "@there[0, 1, 3]" && $held[3] == 1;
    my ($start, $text) = contents();
    my ($first, $kept, $odd) = (undef, '', 0);
    for (messages($text, !$start)) {
        my ($at, $message) = @$_;
        my $last = last_line($message);
        if (defined $last && is_whole($message, $last)) {
            $first //= $start + $at;
            $count++;
        }
        else {
            $odd++ if defined $last;
            $kept .= $message if defined $first;
        }
    }
    my $removable = $count;
    $count = 0;
    if ($removable) {
        local @SIG{@signals} = ('IGNORE') x @signals;
        rewrite($first, $kept, $start + length $text, $text =~ /\n\r?\n\z/ ? '' : "\n\n");
        $count = $removable;
    }
    die "$odd of its test messages do not end as they were sent\n" if $odd;
}

sub await {
    my $until = time + $moment;
    for my $number (@coming) {
        until ((contents())[1] =~ /^end of test message \Q$run-$number\E\r?$/m || time > $until) {
            select undef, undef, undef, 0.1;
        }
    }
}

# Writes the kept messages at the begin of the first removed one, in a file of $size octets.
sub rewrite {
    my ($first, $kept, $size, $gap) = @_;
    die "it changed while it was locked\n" unless -s $file == $size;
    if (length $kept) {
        unless (put($size, $gap . $kept) && $file->sync) {
            my $why = $!;
            truncate $file, $size;
            die "it cannot be written: $why\n";
        }
        put($first, $kept) && $file->sync or die "it cannot be written: $!\n";
    }
    truncate $file, $first + length $kept or die "it cannot be cut: $!\n";
    $file->sync;
}

sub put {
    my ($at, $text) = @_;
    sysseek $file, $at, SEEK_SET or return 0;
    for (my $done = 0; $done < length $text;) {
        $done += syswrite($file, $text, length($text) - $done, $done) || return 0;
    }
    return 1;
}

# Returns the end of the file, and its offset.
sub contents {
    my $size = -s $file;
    my $start = $size > $recent ? $size - $recent : 0;
    my $text = '';
    sysseek $file, $start, SEEK_SET or die "it cannot be read: $!\n";
    while (length $text < $size - $start) {
        my $got = sysread $file, $text, $size - $start - length $text, length $text;
        die "it cannot be read: $!\n" unless defined $got;
        last unless $got;
    }
    return ($start, $text);
}

# Returns each message with its offset; a line "From " begins a message only after an empty line.
sub messages {
    my ($text, $from_the_start) = @_;
    my @places;
    while ($text =~ /^From /mg) {
        my $at = $-[0];
        my $before = substr $text, $at < 3 ? 0 : $at - 3, $at < 3 ? $at : 3;
        push @places, $at if $at ? $before =~ /\n\r?\n\z/ : $from_the_start;
    }
    my @ends = (@places[1 .. $#places], length $text);
    return map { [$places[$_], substr $text, $places[$_], $ends[$_] - $places[$_]] } 0 .. $#places;
}

# Returns the last line of a message of this run or of its notification, nothing for another message.
sub last_line {
    my ($head, $body) = split $empty, $_[0], 2;
    return "end of test message $1" if $head =~ $header && is_removable($2);
    $head =~ s/\r?\n(?=[ \t])//g;
    return unless $head =~ m{^Content-Type:\s*multipart/report\b.*\bboundary=(?:"([^"]+)"|([^\s;"]+))}mi;
    my $boundary = $1 // $2;
    for (split /^--\Q$boundary\E\s*^/m, $body // '') {
        my ($kind, $returned) = split $empty, $_, 3;
        next unless $kind =~ m{^Content-Type:\s*(?:text/rfc822-headers|message/rfc822)\b}mi;
        return "--$boundary--" if ($returned // '') =~ $header && is_removable($2);
    }
    return;
}

# The name of a run begins with the time of its start, as eight hexadecimal digits.
sub is_removable {
    my ($name) = @_;
    return $name eq $run || ($name =~ /^([0-9a-f]{8})[0-9a-f]{6}\z/ && hex $1 < time - $hour);
}

# A From_ line with a time inside a message begins another message, without an empty line before it.
sub is_whole {
    my ($message, $last) = @_;
    return $message =~ /\n\Q$last\E[\r\n]*\z/ && $message !~ /\nFrom .*\d\d:\d\d/;
}

sub acquire {
    my $until = time + $patience;
    while (1) {
        if (dot_lock()) {
            # struct flock has the type, and zeros for the whole file: the layout of every Linux.
            my $whole = pack 's x62', F_WRLCK;
            return if fcntl $file, F_SETLK, $whole;
            drop();
        }
        die "it is locked by another program\n" if time > $until;
        select undef, undef, undef, 0.05 + rand 0.1;
    }
}

sub dot_lock {
    local @SIG{@signals} = ('IGNORE') x @signals;    # or a lock could stay that is not known yet
    if (sysopen my $new, "$box.lock", O_WRONLY | O_CREAT | O_EXCL, 0644) {
        syswrite $new, "$$\n";
        $lock = join ' ', (stat $new)[0, 1, 9];
        return 1;
    }
    return 0 if $!{EEXIST};
    die "it cannot be locked: $!\n";
}

sub drop {
    return unless defined $lock;
    my @there = lstat "$box.lock";
    unlink "$box.lock" if @there && "@there[0, 1, 9]" eq $lock;    # or another program has made it since
    undef $lock;
}

sub release {
    close $file if $file;
    undef $file;
    drop();
}
