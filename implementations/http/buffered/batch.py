"""What has gathered since it was taken last."""

import asyncio

BATCH_BYTES = 64 * 1024


class Batch:
    def __init__(self):
        self.gathered = bytearray()
        self.filled, self.room, self.turn = asyncio.Event(), asyncio.Event(), asyncio.Lock()

    async def add(self, data):
        """Add something, and wait while there is as much as should be written at once."""
        self.gathered += data
        self.filled.set()
        while len(self.gathered) >= BATCH_BYTES:
            self.room.clear()
            await self.room.wait()

    async def take(self):
        """Wait until there is something, and return all of it to who asked first."""
        async with self.turn:
            await self.filled.wait()
            taken, self.gathered = self.gathered, bytearray()
            self.filled.clear()
            self.room.set()
            return taken
