#!/usr/bin/perl
# spam.pl - SpamAssassin's score of each file named on standard input, one a line: score, space, the rules that hit.
use strict;
use warnings;
use Mail::SpamAssassin;

my $judge = Mail::SpamAssassin->new({
    local_tests_only => 1, dont_copy_prefs => 1, userprefs_filename => '/dev/null', userstate_dir => $ARGV[0],
    home_dir_for_helpers => $ARGV[0], post_config_text => "use_bayes 0\nuse_auto_whitelist 0\n",
});
$judge->compile_now(0);
$| = 1;
while (my $name = <STDIN>) {
    chomp $name;
    open(my $file, '<:raw', $name) or die "$name: $!";
    local $/ = undef;
    my $mail = $judge->parse(<$file>);
    my $status = $judge->check($mail);
    print $status->get_score(), ' ', $status->get_names_of_tests_hit() || '-', "\n";
    $status->finish();
    $mail->finish();
}
