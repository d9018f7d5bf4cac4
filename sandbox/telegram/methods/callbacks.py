"""Answers to pressed buttons."""

from sandbox.telegram.errors import bad_request
from sandbox.telegram.methods.registry import Flag, Params, method
from sandbox.telegram.world import CallbackAnswer, World

LONGEST_ANSWER = 200


class AnswerCallbackQuery(Params):
    """Parameters of answerCallbackQuery."""

    callback_query_id: str
    text: str | None = None
    show_alert: Flag = False
    url: str | None = None


@method("answerCallbackQuery")
def answer_callback_query(world: World, params: AnswerCallbackQuery) -> bool:
    """Stop the button's spinner, once; with a text, show it."""
    if len(params.text or "") > LONGEST_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    answer = CallbackAnswer(text=params.text or None, show_alert=params.show_alert, url=params.url)
    if not world.callbacks.answer(params.callback_query_id, answer):
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    return True
