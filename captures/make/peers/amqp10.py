"""AMQP 1.0 by Qpid Proton: `amqp10.py server HOST PORT` or `amqp10.py client HOST PORT MECHANISM`."""
import sys

from proton.handlers import MessagingHandler
from proton.reactor import Container


class Server(MessagingHandler):
    def on_start(self, event):
        event.container.listen(f"{sys.argv[2]}:{sys.argv[3]}")
        print("ready", flush=True)

    def on_message(self, event):
        event.receiver.close()
        event.connection.close()


class Client(MessagingHandler):
    def on_start(self, event):
        login = {"user": "alice", "password": "not-a-secret"} if sys.argv[4] == "PLAIN" else {}
        to = f"amqp://{sys.argv[2]}:{sys.argv[3]}"
        self.connection = event.container.connect(
            to, allowed_mechs=sys.argv[4], allow_insecure_mechs=True, reconnect=False, **login
        )
        event.container.schedule(0.3, self)

    def on_connection_opened(self, event):
        event.connection.close()

    def on_timer_task(self, event):
        self.connection.close()


handler = Server() if sys.argv[1] == "server" else Client()
Container(handler).run()
