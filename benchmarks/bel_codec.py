"""BEL with a thousand levels: encoding and GEN-EX decoding of a batch of 4096, time and memory.

    python benchmarks/bel_codec.py [--levels 1000] [--batch 4096] [--runs 7]

Against a loop over levels that computes the same. Each case runs in a fresh process on one thread.
Ends with 1 where the two differ by more than 0.01 level, or decoding is less than 2 times as fast.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable

import torch
from edgereg_training.methods.bel import code_words as bel

LEAST_SPEED = 2.0
MOST_DIFFERENCE = 0.01
Timed = tuple[float, float, torch.Tensor]


def encode(code: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """The words of levels [B]: [B, bits]."""
    return code[levels]


def encode_by_level(code: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """The same, a level at a time."""
    words = torch.empty(len(levels), code.shape[1], dtype=code.dtype)
    for level in range(len(code)):
        words[levels == level] = code[level]
    return words


def decode(code: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """Expected levels of logits [B, bits]: [B]."""
    return bel.decode_words(logits, code, "GEN-EX")


def decode_by_level(code: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """The same, a level at a time, with a running maximum instead of all correlations at once."""
    largest = torch.full((len(logits),), -torch.inf)
    total, mean = torch.zeros(len(logits)), torch.zeros(len(logits))
    for level, word in enumerate(code.float()):
        correlation = (logits * word).sum(-1)
        new = torch.maximum(largest, correlation)
        shrink, weight = (largest - new).exp(), (correlation - new).exp()
        total = total * shrink + weight
        mean = mean * shrink + weight * level
        largest = new
    return mean / total


def timed(
    function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    code: torch.Tensor,
    given: torch.Tensor,
    runs: int,
) -> Timed:
    """Median seconds, growth of the process's peak memory in MiB, and the result."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        result = function(code, given)
        taken.append(time.perf_counter() - start)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return statistics.median(taken), grown / 1024, result


def measure(name: bel.Code, levels: int, batch: int, runs: int, by_level: bool) -> list[Timed]:
    """Encoding and decoding in this process."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    code = torch.from_numpy(bel.code_matrix(name, levels))
    wanted = torch.randint(levels, (batch,), generator=generator)
    logits = 2 * code[wanted].float() - 1 + torch.randn(batch, code.shape[1], generator=generator)
    coders = (encode_by_level, decode_by_level) if by_level else (encode, decode)
    # Libraries and their work space are loaded before the memory is looked at.
    torch.softmax(torch.randn(8, 8) @ torch.randn(8, 8), -1)
    return [timed(coders[0], code, wanted, runs), timed(coders[1], code, logits, runs)]


def main() -> int:
    """Print a row for each code; 1 where a limit is missed."""
    parser = argparse.ArgumentParser(description="BEL's codec against a loop over levels.")
    parser.add_argument("--levels", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument("--runs", type=int, default=7)
    given = parser.parse_args()
    failed = False
    print("| code | bits | encode, ms | decode, ms | MiB | loop: encode | decode | MiB | faster |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in bel.CODES:
        bits = bel.code_matrix(name, given.levels).shape[1]
        sizes = (name, given.levels, given.batch, given.runs)
        quick, slow = in_process(*sizes, False), in_process(*sizes, True)
        faster = slow[1][0] / quick[1][0]
        difference = float((slow[1][2] - quick[1][2]).abs().max())
        same = torch.equal(slow[0][2], quick[0][2]) and difference <= MOST_DIFFERENCE
        failed = failed or not same or faster < LEAST_SPEED
        entries = [f"{1e3 * quick[0][0]:.2f}", f"{1e3 * quick[1][0]:.1f}", f"{quick[1][1]:.0f}"]
        entries += [f"{1e3 * slow[0][0]:.1f}", f"{1e3 * slow[1][0]:.0f}", f"{slow[1][1]:.0f}"]
        print(f"| {name} | {bits} | {' | '.join(entries)} | {faster:.0f} |", flush=True)
    return int(failed)


def in_process(
    name: bel.Code, levels: int, batch: int, runs: int, by_level: bool
) -> list[tuple[float, float, torch.Tensor]]:
    """`measure` in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (name, levels, batch, runs, by_level))


if __name__ == "__main__":
    sys.exit(main())
