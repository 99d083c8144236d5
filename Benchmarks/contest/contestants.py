"""One contestant on one task: contestants.py NAME WORK.json; prints a JSON object for every answer.

An answer is a model that could be used: what it is, the seconds since the process was started, and its accuracy on
test. What a contestant spends on reading test is not counted: a user would not wait for it. Train is for fitting;
dev chooses between a contestant's own models, and only a better one replaces an answer. See time_to_accuracy.py.
"""

import contextlib
import json
import os
import pathlib
import sys
import threading
import time


class Clock:
    """Seconds since the start of the process, without those spent on test."""

    def __init__(self, started, limit):
        self.started, self.limit = started, limit
        self.paused, self.paused_cpu, self.is_paused = 0.0, 0.0, False
        threading.Thread(target=self.end_in_time, daemon=True).start()

    def seconds(self):
        return time.time() - self.started - self.paused

    def cpu(self):
        return sum(os.times()[:4]) - self.paused_cpu

    @contextlib.contextmanager
    def pause(self):
        self.is_paused = True
        seconds, cpu = self.seconds(), self.cpu()
        yield
        self.paused += self.seconds() - seconds
        self.paused_cpu += self.cpu() - cpu
        self.is_paused = False

    def end_in_time(self):
        """Nothing that is finished after the limit would count; exit code 3 says that there would be more."""
        while self.is_paused or self.seconds() < self.limit:
            time.sleep(0.2)
        os._exit(3)


class Contest:
    """The task, the clock and the answer that is best on dev so far."""

    def __init__(self, work):
        self.work, self.clock = work, Clock(work["started"], work["budget"] * work["tolerance"])
        task = json.loads(pathlib.Path(work["rows"]).read_text())
        self.rows = {name: task[name] for name in ("train", "dev", "test")}
        self.classes, self.max_tokens = len(task["labels"]), task["max_tokens"]
        self.encoder, self.seed = work["encoder"], work["seed"]
        self.has_pairs = "pair" in self.rows["train"][0]
        self.best = None

    def left(self):
        return self.work["budget"] - self.clock.seconds()

    def texts(self, split, name="text"):
        return [row[name] for row in self.rows[split]]

    def joined(self, split, separator):
        """Texts; of pairs, both as one text."""
        if not self.has_pairs:
            return self.texts(split)
        return [f"{row['text']} {separator} {row['pair']}" for row in self.rows[split]]

    def labels(self, split):
        return [row["label"] for row in self.rows[split]]

    def accuracy(self, predict, split):
        found, wanted = predict(split), self.labels(split)
        return sum(int(a) == b for a, b in zip(found, wanted)) / len(wanted)

    def offer(self, what, predict, dev=None):
        """Answers with a model if it is the first or better on dev; `predict` gives labels of a split.

        The first model need not be read on dev before there is a second; `dev` is given where it had to be.
        """
        if self.best is not None:
            old, old_dev = self.best
            old_dev = self.accuracy(old, "dev") if old_dev is None else old_dev
            dev = self.accuracy(predict, "dev") if dev is None else dev
            self.best = old, old_dev
            if dev <= old_dev:
                return False
        self.best = predict, dev
        seconds, cpu = self.clock.seconds(), self.clock.cpu()
        with self.clock.pause():
            test = self.accuracy(predict, "test")
            print(json.dumps({"what": what, "seconds": round(seconds, 2), "cpu": round(cpu, 2), "test": test}),
                  flush=True)
        return True


def sentence_encoder(contest):
    """A directory in sentence-transformers' layout with the encoder's files: tokens' mean, of length 1.

    That is what the encoders that the program installs are published with; it installs what it reads itself.
    """
    directory = pathlib.Path(contest.work["scratch"]) / pathlib.Path(contest.encoder).name
    pooling = directory / "1_Pooling"
    pooling.mkdir(parents=True)
    for file in pathlib.Path(contest.encoder).iterdir():
        (directory / file.name).symlink_to(file)
    width = json.loads((directory / "config.json").read_text())["hidden_size"]
    modules = [{"idx": n, "name": str(n), "path": path, "type": f"sentence_transformers.models.{kind}"}
               for n, (path, kind) in enumerate((("", "Transformer"), ("1_Pooling", "Pooling"),
                                                 ("2_Normalize", "Normalize")))]
    (directory / "2_Normalize").mkdir()
    for path, content in (("modules.json", modules),
                          ("sentence_bert_config.json", {"max_seq_length": contest.max_tokens}),
                          ("1_Pooling/config.json",
                           {"word_embedding_dimension": width, "pooling_mode_mean_tokens": True})):
        (directory / path).unlink(missing_ok=True)
        (directory / path).write_text(json.dumps(content))
    return str(directory)


def logistic(contest):
    """Sentence embeddings and scikit-learn's logistic regression: C = 1, then C by cross-validation."""
    import warnings

    import numpy as np
    from sentence_transformers import SentenceTransformer
    from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
    warnings.filterwarnings("ignore")
    model = SentenceTransformer(sentence_encoder(contest), device="cpu")
    known = {}

    def encode(texts):
        return model.encode(texts, batch_size=32, show_progress_bar=False)

    def features(split, form):
        if (split, form) not in known:
            if form == "joint" or not contest.has_pairs:
                known[split, form] = encode(contest.joined(split, model.tokenizer.sep_token))
            else:
                u, v = encode(contest.texts(split)), encode(contest.texts(split, "pair"))
                known[split, form] = np.concatenate([u, v, abs(u - v), u * v], 1)
        return known[split, form]

    for form in ("u, v, |u - v|, u * v", "joint") if contest.has_pairs else ("texts",):
        for name, make in (("C = 1", lambda: LogisticRegression(max_iter=1000)),
                           ("C by cross-validation",
                            lambda: LogisticRegressionCV(Cs=10, cv=5, max_iter=1000,
                                                         random_state=contest.seed))):
            fitted = make().fit(features("train", form), contest.labels("train"))
            contest.offer(f"{form}; {name}", lambda split, fitted=fitted, form=form:
                          fitted.predict(features(split, form)))


def setfit(contest):
    """SetFit at its defaults (20 iterations), but with at most so many pairs, from few to many."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments
    from transformers import AutoTokenizer
    encoder = sentence_encoder(contest)
    separator = AutoTokenizer.from_pretrained(encoder).sep_token
    train = Dataset.from_dict({"text": contest.joined("train", separator), "label": contest.labels("train")})
    batch, iterations = 16, 20
    everything = 2 * iterations * len(train)
    for most in (1_000, 4_000, 16_000, 64_000):
        pairs = min(most, everything)
        model = SetFitModel.from_pretrained(encoder, device="cpu")
        settings = TrainingArguments(
            output_dir=contest.work["scratch"], batch_size=batch, num_iterations=iterations,
            max_steps=-(-pairs // batch), seed=contest.seed, report_to="none", save_strategy="no",
            eval_strategy="no", logging_strategy="no", show_progress_bar=False)
        Trainer(model=model, args=settings, train_dataset=train).train()
        contest.offer(f"{pairs} pairs", lambda split, model=model: model.predict(
            contest.joined(split, separator), as_numpy=True, show_progress_bar=False))
        if pairs == everything:
            return


def fine_tuning(contest):
    """A PyTorch loop: AdamW, three epochs, batches of 32, warm-up and linear decay; best epoch and rate by dev."""
    import copy

    import torch
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        get_linear_schedule_with_warmup,
    )
    tokenizer = AutoTokenizer.from_pretrained(contest.encoder)
    # Token ids once for each split; padded batch by batch.
    known = {}

    def encoded(split):
        if split not in known:
            known[split] = tokenizer(
                contest.texts(split), contest.texts(split, "pair") if contest.has_pairs else None,
                truncation=True, max_length=contest.max_tokens)
        return known[split]

    def batches(split, order):
        data = encoded(split)
        labels = torch.tensor(contest.labels(split))
        for start in range(0, len(order), 32):
            chosen = order[start:start + 32]
            yield (tokenizer.pad({key: [data[key][i] for i in chosen] for key in data}, return_tensors="pt"),
                   labels[chosen])

    def predictor(model):
        def predict(split):
            model.eval()
            lengths = [len(ids) for ids in encoded(split)["input_ids"]]
            order, found = sorted(range(len(lengths)), key=lengths.__getitem__), [0] * len(lengths)
            with torch.inference_mode():
                rows = [row for inputs, _ in batches(split, order) for row in model(**inputs).logits.argmax(1)]
            for place, row in zip(order, rows):
                found[place] = int(row)
            return found
        return predict

    epochs = 3
    for rate in (5e-5, 1e-4, 2e-5):
        torch.manual_seed(contest.seed)
        model = AutoModelForSequenceClassification.from_pretrained(
            contest.encoder, num_labels=contest.classes, dtype=torch.float32)
        plain = [p for p in model.parameters() if p.ndim < 2]
        weights = [p for p in model.parameters() if p.ndim >= 2]
        optimizer = torch.optim.AdamW([{"params": weights, "weight_decay": 0.01},
                                       {"params": plain, "weight_decay": 0.0}], lr=rate)
        steps = epochs * -(-len(contest.rows["train"]) // 32)
        schedule = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
        for epoch in range(epochs):
            model.train()
            for inputs, labels in batches("train", torch.randperm(len(contest.rows["train"])).tolist()):
                loss = torch.nn.functional.cross_entropy(model(**inputs).logits, labels)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                schedule.step()
            predict = predictor(model)
            dev = contest.accuracy(predict, "dev")
            if contest.best is None or dev > contest.best[1]:
                contest.offer(f"learning rate {rate:g}, epoch {epoch + 1}", predictor(copy.deepcopy(model)), dev)


def autointent(contest):
    """AutoIntent's classic presets on the encoder, one after another, each within the time that is left."""
    from autointent import Dataset, OptimizationConfig, Pipeline
    from autointent.utils import load_preset
    data = {name: [{"utterance": text, "label": label} for text, label in
                   zip(contest.joined(split, "[SEP]"), contest.labels(split))]
            for name, split in (("train", "train"), ("validation", "dev"))}
    encoder = sentence_encoder(contest)
    for preset in ("classic-light", "classic-medium"):
        config = load_preset(preset)
        config["embedder_config"] = {"model_name": encoder, "device": "cpu",
                                     "tokenizer_config": {"max_length": contest.max_tokens}}
        config["logging_config"] = {"project_dir": contest.work["scratch"], "dump_modules": False}
        # The limit is one for each of the two stages; the second takes seconds.
        config["hpo_config"]["timeout"] = max(1.0, contest.left())
        pipeline = Pipeline.from_optimization_config(OptimizationConfig(seed=contest.seed, **config))
        pipeline.fit(Dataset.from_dict(data))
        contest.offer(preset, lambda split, pipeline=pipeline: [
            -1 if label is None else label for label in pipeline.predict(contest.joined(split, "[SEP]"))])


def autogluon(contest):
    """AutoGluon's MultiModalPredictor on the encoder; most of what is left of the budget is its time limit."""
    import pandas
    from autogluon.multimodal import MultiModalPredictor

    def table(split):
        columns = ("text", "pair") if contest.has_pairs else ("text",)
        return pandas.DataFrame({name: contest.texts(split, name) for name in columns}
                                | {"label": contest.labels(split)})
    predictor = MultiModalPredictor(
        label="label", problem_type="binary" if contest.classes == 2 else "multiclass", eval_metric="accuracy",
        path=str(pathlib.Path(contest.work["scratch"]) / "autogluon"), verbosity=1)
    # What comes after its last step, the choice and averaging of its checkpoints, is not in its limit.
    predictor.fit(
        table("train"), tuning_data=table("dev"), time_limit=0.85 * contest.left(), seed=contest.seed,
        hyperparameters={
            "model.names": ["hf_text"], "model.hf_text.checkpoint_name": contest.encoder,
            "model.hf_text.max_text_len": contest.max_tokens, "env.accelerator": "cpu",
            "env.num_workers": 0, "env.num_workers_inference": 0, "env.precision": 32})
    contest.offer("MultiModalPredictor", lambda split: predictor.predict(table(split).drop(columns="label")))


if __name__ == "__main__":
    entered = Contest(json.loads(pathlib.Path(sys.argv[2]).read_text()))
    {"logistic": logistic, "setfit": setfit, "fine-tuning": fine_tuning,
     "autointent": autointent, "autogluon": autogluon}[sys.argv[1]](entered)
