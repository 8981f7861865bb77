"""The files that the workloads request."""

import gzip
import itertools
import os
import random

import servers

# Chromium's headers for a page, 700 bytes with the request line.
BROWSER = (
    "sec-ch-ua: \"Chromium\";v=\"142\", \"Google Chrome\";v=\"142\", \"Not_A Brand\";v=\"99\"\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
    "image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7\r\n"
    "Sec-Fetch-Site: none\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-User: ?1\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n"
    "Cookie: session=0123456789abcdef0123456789abcd\r\n"
    "Connection: keep-alive\r\n")

OLD = 1_581_686_055
TEXTS = {"10k.txt": 10 << 10, "100k.txt": 100 << 10}


class Site(servers.Place):
    """Files of several sizes, texts with their gzip forms, and optionally many small files."""

    def __init__(self):
        super().__init__()
        # Words with frequencies as in a language, so that they compress as well.
        letters = random.Random(5)
        words = ["".join(letters.choices("etaoinshrdlucmfwypvbgkjqxz", range(26, 0, -1),
                                         k=letters.randint(2, 9))) for _ in range(2000)]
        generator = random.Random(2)
        for name, size in TEXTS.items():
            text = " ".join(generator.choices(
                words, [1 / rank for rank in range(1, 2001)], k=size // 4)).encode()[:size]
            self.write(name, text)
            # A peer that caches compressed files uses the usual level.
            self.write(name + ".packed", gzip.compress(text, 6))

    def write(self, name, content):
        path = os.path.join(self.root, name)
        with open(path, "wb") as file:
            file.write(content)
        os.utime(path, (OLD, OLD))

    def fields(self, name, text):
        """Writes a file of header lines for the load."""
        path = os.path.join(self.folder, name + ".fields")
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return path

    def zipf(self, count, drawn=300_000):
        """Creates `count` files of 1 KiB. Returns a list of targets in which each occurs
        according to Zipf's law with an exponent of 1."""
        content = random.Random(3).randbytes(1 << 10)
        targets = [f"/zipf/{n % 256:02x}/{n}" for n in range(count)]
        if not os.path.exists(self.root + "/zipf"):
            for n in range(256):
                os.makedirs(f"{self.root}/zipf/{n:02x}")
            for target in targets:
                self.write(target[1:], content)
        path = os.path.join(self.folder, "zipf.paths")
        weights = list(itertools.accumulate(1 / rank for rank in range(1, count + 1)))
        order = random.Random(4)
        with open(path, "w", encoding="utf-8") as file:
            for target in order.choices(targets, cum_weights=weights, k=drawn):
                file.write(target + "\n")
        return path
