# Tells the support bot what happens to tickets, signed, and lets it write what a customer said as the customer.
package RT::Extension::SupportBot;

use strict;
use warnings;

use Digest::SHA ();
use JSON ();
use LWP::UserAgent;
use MIME::Base64 ();

our $VERSION = '1.0';

# The user without an address who stands for customers whose e-mail address nobody knows.
use constant CHAT_CUSTOMER => 'chat-customer';
# The custom field by which a ticket of the bot is found again.
use constant CHAT_FIELD => 'Support bot chat';

my $TIMEOUT_S = 2;
my $QUIET_S   = 60;
my $quiet_until = 0;

sub setting {
    my ($class, $name) = @_;
    my %all = RT->Config->Get('SupportBot');
    return $all{$name} // '';
}

# What a transaction means to the bot, or nothing. The bot knows of its own doing.
sub event_of {
    my ($class, $txn) = @_;
    my $who = $class->author_of($txn);
    return if $who eq 'bot';
    my %data = (ticket_id => '' . $txn->ObjectId, author => $who);
    my $type = $txn->Type;
    return { type => 'ticket.created', data => \%data } if $type eq 'Create';
    if ($type eq 'Status') {
        $data{status} = $class->is_over($txn->TicketObj, $txn->NewValue) ? 'solved' : 'open';
        return { type => 'ticket.status_changed', data => \%data };
    }
    return unless $type eq 'Correspond' or $type eq 'Comment';
    my $text = $class->text_of($txn);
    return unless $text =~ /\S/;
    my $user = $txn->CreatorObj;
    @data{qw(message_id name text)} = ('' . $txn->id, $user->RealName || $user->Name, $text);
    $data{private} = $type eq 'Comment' ? JSON::true() : JSON::false();
    return { type => 'message.created', data => \%data };
}

# `bot` is the user that the bot signs in as, `agent` whoever RT calls privileged; rules and auto-replies are `system`.
sub author_of {
    my ($class, $txn) = @_;
    my $user = $txn->CreatorObj;
    return 'system' if $user->id == RT->SystemUser->id or $user->id == RT->Nobody->id;
    return 'bot' if lc $user->Name eq lc $class->setting('User');
    my $mail = $txn->Message->First;
    return 'system' if $mail and ($mail->GetHeader('Auto-Submitted') || 'no') !~ /^\s*no\b/i;
    return $user->Privileged ? 'agent' : 'customer';
}

# What people read, as plain text; RT has a sentence of its own where there is nothing.
sub text_of {
    my ($class, $txn) = @_;
    return '' unless $txn->ContentObj;
    my $text = $txn->Content(Type => 'text/plain');
    $text =~ s/\s+\z//;
    return $text;
}

sub is_over {
    my ($class, $ticket, $status) = @_;
    return $ticket->LifecycleObj->IsInactive($status);
}

sub body_of {
    my ($class, $event) = @_;
    return JSON->new->canonical->utf8->encode({ %$event, timestamp => time });
}

# From a scrip: an agent waits at most two seconds, and once a minute at most where nobody answers. What does not
# arrive is no loss: the bot asks for what it missed.
sub tell {
    my ($class, $txn) = @_;
    return if time < $quiet_until;
    my $event = $class->event_of($txn) or return;
    my ($status) = $class->post('rt-' . $txn->id, $class->body_of($event));
    return if $status >= 200 and $status < 300;
    $quiet_until = time + $QUIET_S;
    RT->Logger->warning("The support bot did not take transaction " . $txn->id . ": status $status");
    return;
}

# The status of the answer, 0 where there is none; then what was said.
sub post {
    my ($class, $id, $body) = @_;
    (my $secret = $class->setting('Secret')) =~ s/^whsec_//;
    my ($now, $key) = (time, MIME::Base64::decode_base64($secret));
    my $digest = MIME::Base64::encode_base64(Digest::SHA::hmac_sha256("$id.$now.$body", $key), '');
    my $answer = LWP::UserAgent->new(timeout => $TIMEOUT_S)->post(
        $class->setting('URL'),
        'Content-Type'      => 'application/json',
        'webhook-id'        => $id,
        'webhook-timestamp' => $now,
        'webhook-signature' => "v1,$digest",
        Content             => $body,
    );
    # The client answers with 500 itself where nobody else does.
    my $is_answer = ($answer->header('Client-Warning') || '') ne 'Internal response';
    my $said = $is_answer ? $answer->decoded_content // '' : $answer->status_line;
    return ($is_answer ? 0 + $answer->code : 0, substr $said, 0, 300);
}

1;
