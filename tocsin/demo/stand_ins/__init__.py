"""Stand-in servers on loopback: Slack, the INTEGRAL Science Data Centre, a Kafka broker; real protocols throughout."""

from tocsin.demo.stand_ins.broker import BrokerStandIn
from tocsin.demo.stand_ins.isdc import IsdcStandIn
from tocsin.demo.stand_ins.mail import MailStandIn, StoredMail
from tocsin.demo.stand_ins.slack import ClickReply, Fault, SlackStandIn, StoredMessage
from tocsin.demo.stand_ins.slack_socket import SocketStandIn

__all__ = [
    "BrokerStandIn",
    "ClickReply",
    "Fault",
    "IsdcStandIn",
    "MailStandIn",
    "SlackStandIn",
    "SocketStandIn",
    "StoredMail",
    "StoredMessage",
]
