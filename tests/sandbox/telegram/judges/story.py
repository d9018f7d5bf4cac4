"""The shop in small that every judge's bot plays, and what its customers and staff read.

Each library's bot is written from this list, in its own manner:

/start PAYLOAD    greets in bold, with buttons: Buy, How it works (an alert), Copy (a text)
Buy               a toast; the message is edited; an action, then a file and a photo arrive
/menu             a reply keyboard; "My VPN" answers and takes it away
/manuals          an album of two files
/stars, /soldout  an invoice in Stars; the second one's checkout is declined
(a payment)       says the amount and the charge; /refund CHARGE gives it back
/tell USER TEXT   writes to somebody and says how that went
/whoami           says how the bot stands in the staff's group
(a file)          is downloaded and read aloud
help ...          opens the customer's topic in the staff's group and copies the text into it
(in a topic)      staff's words are copied to the customer; /close closes the topic
hmm               nothing but "typing..."
thanks            a reaction
"""

from dataclasses import dataclass

from sandbox.telegram.client import TelegramSandbox
from sandbox.telegram.views import MessageView

TOKEN = "123456:judges-token"
SECRET = "judges_secret"
OLGA = 2001
STAFF = -1001234567890
CONFIG = b"[Interface]\nPrivateKey = abc\n\x00\xff"
PRICE = 250


@dataclass
class Customer:
    """Somebody in their chat with a judge's bot."""

    telegram: TelegramSandbox
    user_id: int
    name: str

    async def says(self, text: str) -> MessageView:
        """Write to the bot."""
        return await self.telegram.send_text(self.user_id, text)

    async def reads(self, beginning: str) -> MessageView:
        """Wait for a text of the bot that begins so."""
        return await self.telegram.wait_for_message(
            self.user_id, lambda message: message.body.startswith(beginning)
        )
