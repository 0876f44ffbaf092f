"""Bradley-Terry fits to weighted pairs: this program against choix and evalica, on the same random tournaments.

    python benches/peers/preferences.py --program target/release/reward-collapse [--large]

Prints, for each tournament, the largest difference of the ratings (mean 0) from this program's, the time of each solver in
this process or, for this program, of the whole command, and the program's gap per comparison. choix is asked for no penalty
and tight tolerances, since its answer depends on them.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import tempfile
import time

import choix
import numpy as np


def tournament(items, games, seed):
    """Pairs (winner, loser) among items of normal strengths; a circle first, so that a fit exists."""
    random = np.random.default_rng(seed)
    strengths = random.normal(size=items)
    pairs = [(i, (i + 1) % items) for i in range(items)]
    a = random.integers(items, size=games)
    b = (a + random.integers(1, items, size=games)) % items
    a_wins = random.random(games) < 1 / (1 + np.exp(strengths[b] - strengths[a]))
    pairs += [(i, j) if wins else (j, i) for i, j, wins in zip(a.tolist(), b.tolist(), a_wins.tolist())]
    return pairs


def timed(work):
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def centred(ratings):
    ratings = np.asarray(ratings, dtype=float)
    return ratings - ratings.mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="target/release/reward-collapse")
    parser.add_argument("--large", action="store_true", help="also 10,000 items and a million comparisons")
    arguments = parser.parse_args()
    sizes = [(20, 200), (100, 2000), (500, 20000), (1000, 100000)]
    if arguments.large:
        sizes.append((10000, 1000000))
    print("items comparisons solver seconds largest_difference gap")
    for items, games in sizes:
        pairs = tournament(items, games, seed=items)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "games.csv"
            with path.open("w", newline="") as file:
                csv.writer(file).writerows([("winner", "loser"), *pairs])
            command = [arguments.program, "solve", "--preferences", str(path), "--format", "json"]
            output, seconds = timed(lambda: subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        fit = json.loads(output)
        own = np.empty(items)
        own[[int(item) for item in fit["items"]]] = fit["rewards"]
        own = centred(own)
        print(items, len(pairs), "reward-collapse", f"{seconds:.3f}", "-", f"{fit['gap']:.1e}", flush=True)
        peers = {
            "choix.ilsr_pairwise": lambda: choix.ilsr_pairwise(items, pairs, alpha=0.0, max_iter=1000, tol=1e-10),
            "choix.opt_pairwise": lambda: choix.opt_pairwise(items, pairs, alpha=0.0, method="Newton-CG", tol=1e-12),
        }
        # Both form matrices of the size of all pairs of items.
        if items > 2000:
            peers = {}
        try:
            import evalica

            names = [str(i) for i, _ in pairs], [str(j) for _, j in pairs]

            def by_evalica():
                result = evalica.bradley_terry(*names, [evalica.Winner.X] * len(pairs), tolerance=1e-10, limit=100000)
                return np.log([result.scores[str(i)] for i in range(items)])

            peers["evalica.bradley_terry"] = by_evalica
        except ImportError:
            pass
        for name, peer in peers.items():
            try:
                ratings, seconds = timed(peer)
                difference = np.abs(centred(ratings) - own).max()
                print(items, len(pairs), name, f"{seconds:.3f}", f"{difference:.1e}", "-", flush=True)
            except Exception as error:
                print(items, len(pairs), name, "-", f"failed: {error}".replace("\n", " ")[:100], "-", flush=True)


if __name__ == "__main__":
    main()
