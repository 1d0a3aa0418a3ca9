# Reads every *.eml in a folder with MIME::Parser and Encode; prints one JSON object per mail and line.
use strict;
use warnings;
use Encode qw(decode);
use JSON::PP;
use MIME::Parser;

my ($folder) = @ARGV;
my $json = JSON::PP->new->utf8->canonical;
my $parser = MIME::Parser->new;
$parser->output_to_core(1);
$parser->tmp_to_core(1);

for my $file (sort glob("$folder/*.eml")) {
    my $entity = $parser->parse_open($file);
    my $head = $entity->head;
    my ($name) = $file =~ m{([^/]+)\.eml$};
    my %found = (file => $name);
    $found{subject} = decode('MIME-Header', header($head, 'Subject'));
    ($found{name}, $found{address}) = mailbox(header($head, 'To'));
    $found{list_id} = header($head, 'List-Id');
    $found{list_unsubscribe} = header($head, 'List-Unsubscribe');
    $found{$_->effective_type} = text($_) for grep { $_->effective_type =~ m{^text/} } $entity->parts_DFS;
    print $json->encode(\%found), "\n";
}

sub header {
    my ($head, $name) = @_;
    my $value = $head->get($name, 0) // '';
    $value =~ s/\r?\n(?=[ \t])//g;
    $value =~ s/\s+\z//;
    return $value;
}

sub mailbox {
    my ($value) = @_;
    my ($name, $address) = $value =~ /^(?:(.*) )?<([^<>]+)>$/ or return ('', $value);
    if ($name =~ s/^"(.*)"$/$1/) {
        $name =~ s/\\(.)/$1/g;
        return ($name, $address);
    }
    return (decode('MIME-Header', $name), $address);
}

sub text {
    my ($part) = @_;
    my $text = decode('UTF-8', $part->bodyhandle->as_string);
    $text =~ s/\r\n/\n/g;
    return $text;
}
