"""The key ring: what is sealed opens with its key and context, and with nothing else."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.keyring import KeyRing, sealing_key_of

# Fixed, because they become names of tests: each of pytest's processes has to find the same.
OLD = f"old:{base64.b64encode(b'o' * 32).decode()}"
NEW = f"new:{base64.b64encode(b'n' * 32).decode()}"
RING = KeyRing.parse(NEW)


@given(plain=st.binary(max_size=2000), context=st.binary(max_size=100))
def test_what_is_sealed_opens_to_the_same_bytes(plain: bytes, context: bytes) -> None:
    assert RING.unseal(RING.seal(plain, context=context), context=context) == plain


@given(junk=st.binary(max_size=200))
def test_junk_is_refused_with_a_value_error(junk: bytes) -> None:
    with pytest.raises(ValueError):
        RING.unseal(junk, context=b"")


def test_the_first_key_seals() -> None:
    assert sealing_key_of(KeyRing.parse(f"{NEW},{OLD}").seal(b"x", context=b"")) == "new"


def test_a_rotated_ring_still_opens_what_the_old_key_sealed() -> None:
    sealed = KeyRing.parse(OLD).seal(b"private", context=b"device")
    assert KeyRing.parse(f"{NEW}, {OLD}").unseal(sealed, context=b"device") == b"private"


def test_a_dropped_key_is_named() -> None:
    sealed = KeyRing.parse(OLD).seal(b"private", context=b"")
    with pytest.raises(ValueError, match="'old', which is not in ENCRYPTION_KEYS"):
        RING.unseal(sealed, context=b"")


def test_another_context_does_not_open() -> None:
    sealed = RING.seal(b"private", context=b"device 1")
    with pytest.raises(ValueError, match="another context"):
        RING.unseal(sealed, context=b"device 2")


def test_no_byte_can_be_altered_unnoticed() -> None:
    sealed = RING.seal(b"private", context=b"device")
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(ValueError):
            RING.unseal(bytes(altered), context=b"device")


def test_no_end_can_be_cut_off_unnoticed() -> None:
    sealed = RING.seal(b"private", context=b"device")
    for length in range(len(sealed)):
        with pytest.raises(ValueError):
            RING.unseal(sealed[:length], context=b"device")


def test_a_key_id_cannot_be_swapped_for_another_id_of_the_same_key() -> None:
    """The header is authenticated: it matters when an id is given to a second key by mistake."""
    key = NEW.partition(":")[2]
    sealed = KeyRing.parse(f"aaa:{key}").seal(b"private", context=b"")
    swapped = sealed.replace(b"aaa", b"bbb", 1)
    with pytest.raises(ValueError):
        KeyRing.parse(f"aaa:{key},bbb:{key}").unseal(swapped, context=b"")


def test_the_same_bytes_are_never_sealed_to_the_same_bytes() -> None:
    assert RING.seal(b"private", context=b"") != RING.seal(b"private", context=b"")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "empty"),
        (" , ", "empty"),
        ("no-colon", "entry 1 is not id:base64"),
        (f"{OLD},bad id:AAAA", "entry 2 is not id:base64"),
        ("k:not-base64!", "'k' is not base64"),
        ("k:" + base64.b64encode(bytes(16)).decode(), "'k' has 16 bytes, not 32"),
        (f"{OLD},{OLD}", "'old' appears twice"),
    ],
)
def test_a_malformed_ring_is_refused_by_name(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        KeyRing.parse(text)


def test_a_complaint_never_shows_a_key() -> None:
    key = "c2VjcmV0LWtleS1ieXRlcw=="
    with pytest.raises(ValueError) as refusal:
        KeyRing.parse(f"k:{key}")
    assert key not in str(refusal.value)


def test_a_generated_entry_refuses_an_id_that_could_not_be_parsed() -> None:
    with pytest.raises(ValueError, match="key id"):
        KeyRing.generate_entry("a,b")
