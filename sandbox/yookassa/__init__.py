"""A YooKassa that runs on loopback and behaves as its API v3 is documented to behave.

It is a process of its own that knows nothing of the shop: no code is shared and no SDK imported,
so a bug on one side cannot hide one on the other. What it holds, it holds in memory.

Where the documentation is silent, the stricter or the likelier reading was chosen. These are
inventions, not facts about YooKassa:

* the times between redeliveries of a notification and the receiver's time limit
  (`notifications.REDELIVERY`, `notifications.RECEIVER_TIMEOUT`);
* a declined card cancels the payment at once unless `AfterDecline.RETRY` is set: the test cards
  promise a `cancellation_details.reason`, while the card page's guide promises another attempt;
* an answer of 4xx is remembered with its idempotence key like any other, a key belongs to the
  whole shop rather than to one operation, and parallel requests with one key wait for the first;
* a receipt whose items do not add up to the payment is refused;
* the commission, the time a receipt takes to register, and the wording of most errors;
* only the `redirect` confirmation exists here, and only cards are accepted on the page.
"""
