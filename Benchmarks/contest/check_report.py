"""What the report must say of a few measurements: python3 Benchmarks/contest/check_report.py; takes no packages."""

import unittest

import report


def measurement(contestant, answers, *, limit=600, told=False, cut=False, seed=1):
    return {"task": "toy", "encoder": "e", "contestant": contestant, "limit": limit, "told": told, "seed": seed,
            "cut": cut, "threads": 2, "machine": "m", "rows": {"test": 100},
            "answers": [{"seconds": s, "test": a} for s, a in answers]}


class Report(unittest.TestCase):
    def test_the_interval_is_wilsons(self):
        low, high = report.wilson(0.5, 100)
        self.assertAlmostEqual(low, 0.4038, places=4)
        self.assertAlmostEqual(high, 0.5962, places=4)

    def test_the_last_answer_within_the_budget_counts_even_if_an_earlier_one_was_better(self):
        group = [measurement("logistic", [(10, 0.7), (50, 0.6), (70, 0.9)])]
        self.assertEqual(report.answer_at(60, group), 0.6)
        self.assertIsNone(report.answer_at(5, group))

    def test_who_is_told_a_limit_answers_for_that_limit_alone(self):
        group = [measurement("autogluon", [(50, 0.6)], limit=60, told=True),
                 measurement("autogluon", [(170, 0.8)], limit=180, told=True)]
        self.assertEqual(report.answer_at(60, group), 0.6)
        self.assertEqual(report.answer_at(180, group), 0.8)
        self.assertEqual(report.answer_at(600, group), "unknown")

    def test_what_a_contestant_would_have_answered_after_it_was_cut_is_unknown(self):
        self.assertEqual(report.answer_at(900, [measurement("setfit", [(50, 0.6)], cut=True)]), "unknown")
        self.assertEqual(report.answer_at(900, [measurement("setfit", [(50, 0.6)])]), 0.6)

    def test_an_answer_that_comes_too_late_is_none(self):
        self.assertIsNone(report.answer_at(60, [measurement("knas", [(64, 0.9)], limit=60, told=True)]))

    def test_a_measurement_that_was_repeated_counts_once_and_one_that_failed_never(self):
        first, second = measurement("setfit", [(5, 0.1)]), measurement("setfit", [(5, 0.2)])
        self.assertEqual(report.latest([first, second, first | {"failed": "exit code 1"}]), [second])

    def test_the_page_says_first_where_the_program_is_behind(self):
        page = report.page(
            [measurement("knas", [(60, 0.70)], limit=60, told=True),
             measurement("logistic", [(3, 0.75)], seed=1), measurement("logistic", [(3, 0.73)], seed=2)], [60, 180])
        self.assertTrue(page.startswith("**Behind"))
        self.assertIn("- toy, 1 min: embeddings + logistic regression 0.740, this program 0.700", page)
        self.assertIn("in 0 of 1 comparisons", page)
        self.assertIn("| toy | 3 min |  | **0.740** (0.646 to 0.816) |", page)


if __name__ == "__main__":
    unittest.main()
