"""The rule of this folder: a page that complains fails its test."""

from playwright.async_api import Page

from tests.browser.chromium import (
    Complaints,
    Language,
    Screen,
    in_each_language,
    on_each_screen,
)


async def test_an_error_on_the_console_is_heard(page: Page, complaints: Complaints) -> None:
    await page.goto("data:text/html,<script>console.error('lost')</script>")
    assert any("lost" in each for each in complaints.heard)
    complaints.forgive("lost")


async def test_an_uncaught_error_is_heard(page: Page, complaints: Complaints) -> None:
    async with page.context.expect_event("weberror"):
        await page.goto("data:text/html,<script>throw new Error('broken')</script>")
    assert any("broken" in each for each in complaints.heard)
    complaints.forgive("broken")


@on_each_screen
@in_each_language
async def test_a_page_has_the_size_and_language_that_a_test_asks_for(
    page: Page, screen: Screen, language: Language
) -> None:
    assert await page.evaluate("innerWidth") == screen.value[0]
    assert (await page.evaluate("navigator.language")).startswith(language)
