"""Downloading what people or the bot sent."""

from sandbox.telegram.methods.registry import Params, method
from sandbox.telegram.objects import File
from sandbox.telegram.world import World


class GetFile(Params):
    """Parameters of getFile."""

    file_id: str = ""


@method("getFile")
def get_file(world: World, params: GetFile) -> File:
    """Where to fetch a file from."""
    return world.files.to_download(params.file_id)
