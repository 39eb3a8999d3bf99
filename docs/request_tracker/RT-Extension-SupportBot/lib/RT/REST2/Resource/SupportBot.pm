# What RT's own REST API cannot do for the bot, below /REST/2.0/support-bot. Only for the bot's own user.
package RT::REST2::Resource::SupportBot;

use strict;
use warnings;

use Moose;
use namespace::autoclean;

extends 'RT::REST2::Resource';

use Encode ();
use JSON ();
use MIME::Entity;
use RT::Extension::SupportBot;
use RT::REST2::Util ();

my $BOT = 'RT::Extension::SupportBot';
my $PAGE = 200;
my $SETTLED_S = 60;
my @NEEDED = qw(
    SeeQueue ShowTicket ShowTicketComments CreateTicket ReplyToTicket CommentOnTicket ModifyTicket
    SeeCustomField ModifyCustomField
);

has what => (is => 'ro', isa => 'Str', required => 1);
has ticket_id => (is => 'ro', isa => 'Str', default => '');

sub dispatch_rules {
    my $rule = sub {
        my ($pattern, $what, $names_ticket) = @_;
        return Path::Dispatcher::Rule::Regex->new(
            regex => $pattern,
            block => sub { return { what => $what, $names_ticket ? (ticket_id => $_[0]->pos(1)) : () } },
        );
    };
    return (
        $rule->(qr{^/support-bot/whoami$}, 'whoami'),
        $rule->(qr{^/support-bot/events$}, 'events'),
        $rule->(qr{^/support-bot/ping$}, 'ping'),
        $rule->(qr{^/support-bot/ticket/(\d{1,9})$}, 'ticket', 1),
        $rule->(qr{^/support-bot/ticket/(\d{1,9})/customer-message$}, 'say', 1),
    );
}

sub allowed_methods { return [ $_[0]->what =~ /^(?:ping|say)$/ ? 'POST' : 'GET' ] }
sub charsets_provided { return ['utf-8'] }
sub default_charset { return 'utf-8' }
sub content_types_provided { return [ { 'application/json' => 'to_json' } ] }
sub content_types_accepted { return [ { 'application/json' => 'process_post' } ] }

sub forbidden {
    my $self = shift;
    return lc $self->current_user->Name ne lc $BOT->setting('User');
}

sub resource_exists {
    my $self = shift;
    return 1 if $self->ticket_id eq '';
    my $ticket = $self->ticket($self->current_user);
    return $ticket->id && $ticket->CurrentUserHasRight('ShowTicket') ? 1 : 0;
}

# Characters, not bytes: the web machine encodes what it sends.
sub to_json {
    my $self = shift;
    my $method = 'get_' . $self->what;
    return JSON->new->encode($self->$method);
}

sub process_post {
    my $self = shift;
    my $method = 'post_' . $self->what;
    my ($result, $error) = $self->$method;
    return RT::REST2::Util::error_as_json($self->response, \400, $error) if $error;
    $self->response->content_type('application/json; charset=utf-8');
    $self->response->body(JSON->new->encode($result));
    return 1;
}

# Who signed in, and what is missing for the queue that is asked for.
sub get_whoami {
    my $self = shift;
    my $queue = RT::Queue->new($self->current_user);
    $queue->Load($self->request->parameters->{queue} // '');
    my $found = $queue->id && $queue->CurrentUserHasRight('SeeQueue');
    my $fields = RT::CustomField->new(RT->SystemUser);
    $fields->LoadByName(Name => $BOT->CHAT_FIELD, LookupType => 'RT::Queue-RT::Ticket');
    my $scrips = RT::Scrips->new(RT->SystemUser);
    $scrips->LimitToQueue($queue->id) if $found;
    my $tells = grep { $_->ActionObj->ExecModule eq 'SupportBot' } $found ? @{ $scrips->ItemsArrayRef } : ();
    return {
        user => $self->current_user->Name,
        queue => $found ? $queue->Name : undef,
        lacks => [ $found ? grep { !$queue->CurrentUserHasRight($_) } @NEEDED : () ],
        field => $found && $fields->id && $fields->IsAdded($queue->id) ? JSON::true() : JSON::false(),
        scrip => $tells ? JSON::true() : JSON::false(),
    };
}

# A signed message to the bot and back: whether the address and the secret over here are right.
sub post_ping {
    my $self = shift;
    my ($status, $said) = $BOT->post('rt-ping-' . time . "-$$", $BOT->body_of({ type => 'ping', data => {} }));
    return { status => $status, said => $said };
}

sub get_ticket {
    my $self = shift;
    my $ticket = $self->ticket(RT->SystemUser);
    my $txns = $ticket->Transactions;
    $txns->Limit(FIELD => 'Type', OPERATOR => 'IN', VALUE => [qw(Create Correspond Comment)]);
    my @entries = map { +{
        id => '' . $_->id,
        author => $BOT->author_of($_),
        private => $_->Type eq 'Comment' ? JSON::true() : JSON::false(),
        text => $BOT->text_of($_),
    } } @{ $txns->ItemsArrayRef };
    my $cycle = $ticket->LifecycleObj;
    return {
        id => '' . $ticket->id,
        over => $BOT->is_over($ticket, $ticket->Status) ? JSON::true() : JSON::false(),
        statuses => { open => preferred('open', $cycle->Active), solved => preferred('resolved', $cycle->Inactive) },
        owner => $ticket->OwnerObj->Name,
        entries => \@entries,
    };
}

# What happened after a transaction, for a bot that was away. Transactions get their numbers before they can be seen,
# so `next` never passes one that is younger than a minute: those are told again.
sub get_events {
    my $self = shift;
    my ($after) = ($self->request->parameters->{after} // '') =~ /^(\d{1,18})$/;
    my $settled = RT::Date->new(RT->SystemUser);
    $settled->Set(Format => 'unix', Value => time - $SETTLED_S);
    return { next => $self->last_before($settled), events => [] } unless defined $after;
    my $txns = RT::Transactions->new(RT->SystemUser);
    $txns->Limit(FIELD => 'ObjectType', VALUE => 'RT::Ticket');
    $txns->Limit(FIELD => 'Type', OPERATOR => 'IN', VALUE => [qw(Create Correspond Comment Status)]);
    $txns->Limit(FIELD => 'id', OPERATOR => '>', VALUE => $after);
    $txns->OrderBy(FIELD => 'id', ORDER => 'ASC');
    $txns->RowsPerPage($PAGE);
    my ($next, $all_settled, @events) = ($after, 1);
    for my $txn (@{ $txns->ItemsArrayRef }) {
        $all_settled &&= $txn->CreatedObj->Unix < $settled->Unix;
        $next = $txn->id if $all_settled;
        my $event = $self->is_mine($txn) ? $BOT->event_of($txn) : undef;
        push @events, { id => 'rt-' . $txn->id, body => Encode::decode('UTF-8', $BOT->body_of($event)) } if $event;
    }
    return { next => "$next", events => \@events };
}

# Write what a customer said as the customer: the requestor, or the user who stands for those without an address.
sub post_say {
    my $self = shift;
    my $given = eval { JSON->new->utf8->decode($self->request->content) };
    my $text = ref $given eq 'HASH' ? $given->{text} : undef;
    return (undef, 'a text is needed') if !defined $text or ref $text or $text !~ /\S/;
    for my $user ($self->customers) {
        my $ticket = $self->ticket($user);
        next unless $ticket->CurrentUserHasRight('ReplyToTicket');
        my $message = MIME::Entity->build(
            Type => 'text/plain', Charset => 'UTF-8', Encoding => 'base64', Data => [ Encode::encode('UTF-8', $text) ],
        );
        my ($done, $said, $txn) = $ticket->Correspond(MIMEObj => $message);
        return $done ? { id => '' . $txn->id } : (undef, $said);
    }
    return (undef, "neither the requestor nor '" . $BOT->CHAT_CUSTOMER . "' may reply to this ticket");
}

# Never a privileged user: what such a one writes is an agent's word.
sub customers {
    my $self = shift;
    my @users = grep { !$_->Privileged } @{ $self->ticket(RT->SystemUser)->Requestors->UserMembersObj->ItemsArrayRef };
    my @found;
    for my $name ((map { $_->Name } @users), $BOT->CHAT_CUSTOMER) {
        my $user = RT::CurrentUser->new;
        $user->LoadByName($name);
        push @found, $user if $user->id and !$user->Disabled;
    }
    return @found;
}

sub ticket {
    my ($self, $user) = @_;
    my $ticket = RT::Ticket->new($user);
    $ticket->Load($self->ticket_id);
    return $ticket;
}

sub is_mine {
    my ($self, $txn) = @_;
    my $ticket = RT::Ticket->new($self->current_user);
    $ticket->Load($txn->ObjectId);
    return $ticket->id && $ticket->CurrentUserHasRight('ShowTicket');
}

sub last_before {
    my ($self, $when) = @_;
    my $txns = RT::Transactions->new(RT->SystemUser);
    $txns->Limit(FIELD => 'Created', OPERATOR => '<', VALUE => $when->ISO);
    $txns->OrderBy(FIELD => 'id', ORDER => 'DESC');
    $txns->RowsPerPage(1);
    my $last = $txns->First;
    return $last ? '' . $last->id : '0';
}

sub preferred {
    my ($wanted, @all) = @_;
    return (grep { $_ eq $wanted } @all) ? $wanted : $all[0];
}

__PACKAGE__->meta->make_immutable;

1;
