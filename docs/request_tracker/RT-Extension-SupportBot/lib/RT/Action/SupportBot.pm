# The scrip's action: each transaction of a finished change is told to the bot. Nothing here can make the change fail.
package RT::Action::SupportBot;

use strict;
use warnings;

use base 'RT::Action';

use RT::Extension::SupportBot;

sub Prepare { return 1 }

sub Commit {
    my $self = shift;
    for my $each (@{ $self->TicketObj->TransactionBatch || [] }) {
        eval {
            my $txn = RT::Transaction->new(RT->SystemUser);
            $txn->Load($each->id);
            RT::Extension::SupportBot->tell($txn);
            1;
        } or RT->Logger->error("Telling the support bot broke: $@");
    }
    return 1;
}

1;
