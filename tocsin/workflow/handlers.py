"""Which handler does which kind of owed work, and which worker does which kinds."""

from collections.abc import Mapping

from tocsin.domain.jobs import JobKind
from tocsin.workflow.announcing import announce
from tocsin.workflow.asking import remind
from tocsin.workflow.drafting import draft
from tocsin.workflow.escalating import escalate
from tocsin.workflow.localizing import localize
from tocsin.workflow.picturing import show_pictures
from tocsin.workflow.reacting import react
from tocsin.workflow.rehearsing import rehearse
from tocsin.workflow.runner import Handler
from tocsin.workflow.sending import send

#: People first: their messages never wait behind a light curve.
NOTIFYING: Mapping[JobKind, Handler] = {
    JobKind.SEND: send,
    JobKind.ESCALATE: escalate,
    JobKind.REMIND: remind,
    JobKind.ANNOUNCE: announce,
}
REACTING: Mapping[JobKind, Handler] = {
    JobKind.FETCH: react,
    JobKind.TRIANGULATE: localize,
    JobKind.DRAFT: draft,
    JobKind.PICTURE: show_pictures,
}
#: Test events, in a lane of their own: no real event ever waits behind one.
REHEARSING: Mapping[JobKind, Handler] = {JobKind.REHEARSE: rehearse}
