"""One short training in the words of each tool, with a checkpoint of the tool in the middle of it.

`TOOLS` is the table: every function in it is called as

    kinetic = TOOLS[name](model, collision, folder, accumulate=..., clip=..., resume=...)

and trains `model` for STEPS steps of Adam on the data of `samples`. Without `resume` it leaves a
checkpoint of MIDDLE steps in `folder`; with it, it goes on from that one. `collision` None is the
bare trainer, and gives None.
"""

import logging
from functools import cache

import pytest
import torch
from torch import nn, optim
from torch.utils.data import DataLoader

from bridge import KineticStep
from tests.bridge.training import SEED, batches

SIZE = 8  # of a batch
STEPS, MIDDLE = 8, 4  # of the optimizer
RATE = 0.01


@cache
def samples(accumulate=1):
    """MIDDLE steps worth of (input, target): an epoch ends where the checkpoint is."""
    x, y = next(batches(1, size=SIZE * MIDDLE * accumulate))
    return list(zip(x, y, strict=True))


def loader(accumulate):
    """The samples in batches, in the same order in every epoch."""
    return DataLoader(samples(accumulate), batch_size=SIZE)


def attached(optimizer, model, collision, resume):
    """A KineticStep as the recipes make it; the seed of a resumed run comes from its checkpoint."""
    if collision is None:
        return None
    seed = SEED + resume
    return KineticStep(optimizer, [model[0].weight, model[2].weight], collision, seed=seed)


def lightning(
    model, collision, folder, *, accumulate=1, clip=None, scaler=None, callback=False, resume=False
):
    """Lightning: in configure_optimizers; or in a callback, for a module that is left as it is."""
    tool = pytest.importorskip("lightning")
    from lightning.pytorch.callbacks import ModelCheckpoint
    from lightning.pytorch.plugins import MixedPrecision

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    made = []

    def attach(optimizer):
        made.append(attached(optimizer, model, collision, resume))

    class Module(tool.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = model

        def training_step(self, batch, number):
            x, y = batch
            return nn.functional.mse_loss(self.model(x), y)

        def configure_optimizers(self):
            optimizer = optim.Adam(self.model.parameters(), lr=RATE)
            if not callback:
                attach(optimizer)
            return optimizer

    class Callback(tool.Callback):
        def on_fit_start(self, trainer, module):
            if callback:
                attach(trainer.optimizers[0])

    trainer = tool.Trainer(
        max_epochs=STEPS // MIDDLE,
        accumulate_grad_batches=accumulate,
        gradient_clip_val=clip,
        callbacks=[Callback(), ModelCheckpoint(folder, filename="{epoch}", save_top_k=-1)],
        plugins=[MixedPrecision("16-mixed", "cpu", scaler)] if scaler else None,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    checkpoint = folder / "epoch=0.ckpt" if resume else None
    trainer.fit(Module(), loader(accumulate), ckpt_path=checkpoint)
    return made[0]


def lightning_callback(model, collision, folder, **options):
    """Lightning: in on_fit_start of a callback."""
    return lightning(model, collision, folder, callback=True, **options)


def transformers(model, collision, folder, *, accumulate=1, clip=None, own=False, resume=False):
    """Trainer of Hugging Face: in create_optimizer; or with an optimizer of one's own."""
    tool = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")

    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, x, labels):
            return {"loss": nn.functional.mse_loss(self.model(x), labels)}

    class Trainer(tool.Trainer):
        kinetic = None

        def create_optimizer(self, *args):
            if self.optimizer is None:
                super().create_optimizer(*args)
                self.kinetic = attached(self.optimizer, model, collision, resume)
            return self.optimizer

    options = tool.TrainingArguments(
        output_dir=str(folder),
        max_steps=STEPS,
        save_steps=MIDDLE,
        per_device_train_batch_size=SIZE,
        gradient_accumulation_steps=accumulate,
        max_grad_norm=clip or 0.0,
        learning_rate=RATE,
        train_sampling_strategy="sequential",
        use_cpu=True,
        report_to="none",
        disable_tqdm=True,
        logging_strategy="no",
        log_level="error",
    )
    rows = [{"x": x, "labels": y} for x, y in samples(accumulate)]
    if own:
        optimizer = optim.Adam(model.parameters(), lr=RATE)
        kinetic = attached(optimizer, model, collision, resume)
        trainer = tool.Trainer(Wrapped(), options, train_dataset=rows, optimizers=(optimizer, None))
    else:
        trainer = Trainer(Wrapped(), options, train_dataset=rows)
    trainer.train(resume_from_checkpoint=str(folder / f"checkpoint-{MIDDLE}") if resume else None)
    return kinetic if own else trainer.kinetic


def transformers_own(model, collision, folder, **options):
    """Trainer of Hugging Face: with an optimizer of one's own."""
    return transformers(model, collision, folder, own=True, **options)


def accelerate(model, collision, folder, *, accumulate=1, clip=None, scaler=None, resume=False):
    """Accelerate: before `prepare`."""
    tool = pytest.importorskip("accelerate")
    accelerator = tool.Accelerator(cpu=True, gradient_accumulation_steps=accumulate)
    accelerator.scaler = scaler  # which it makes itself on a GPU only
    optimizer = optim.Adam(model.parameters(), lr=RATE)
    kinetic = attached(optimizer, model, collision, resume)
    model, optimizer, data = accelerator.prepare(model, optimizer, loader(accumulate))
    if resume:
        accelerator.load_state(str(folder))
    for epoch in range(int(resume), STEPS // MIDDLE):
        for x, y in data:
            with accelerator.accumulate(model):
                accelerator.backward(nn.functional.mse_loss(model(x), y))
                if clip and accelerator.sync_gradients:
                    accelerator.clip_grad_norm_(model.parameters(), clip)
                optimizer.step()
                optimizer.zero_grad()
        if epoch == 0:
            accelerator.save_state(str(folder))
    return kinetic


def timm(model, collision, folder, *, accumulate=1, clip=None, resume=False, opt="adam"):
    """timm: its groups of parameters, its scheduler, its saver of checkpoints."""
    pytest.importorskip("timm")
    from timm.optim import create_optimizer_v2
    from timm.scheduler import CosineLRScheduler
    from timm.utils import CheckpointSaver, dispatch_clip_grad

    optimizer = create_optimizer_v2(model, opt=opt, lr=RATE, weight_decay=0.05)
    inside = getattr(optimizer, "_base_optimizer", optimizer)
    kinetic = attached(inside, model, collision, resume)
    scheduler = CosineLRScheduler(optimizer, t_initial=4)
    folder.mkdir(exist_ok=True)
    saver = CheckpointSaver(model, optimizer, checkpoint_dir=str(folder))
    if resume:
        saved = torch.load(folder / "checkpoint-0.pth.tar", weights_only=False)
        model.load_state_dict(saved["state_dict"])
        optimizer.load_state_dict(saved["optimizer"])
        scheduler.step(1)
    for epoch in range(int(resume), STEPS // MIDDLE):
        for number, (x, y) in enumerate(loader(accumulate), 1):
            (nn.functional.mse_loss(model(x), y) / accumulate).backward()
            if number % accumulate == 0:
                if clip:
                    dispatch_clip_grad(model.parameters(), clip)
                optimizer.step()
                optimizer.zero_grad()
        scheduler.step(epoch + 1)
        if epoch == 0:
            saver.save_checkpoint(epoch)
    return kinetic


def lookahead(model, collision, folder, **options):
    """timm's Lookahead around Adam: at the optimizer inside."""
    return timm(model, collision, folder, opt="lookahead_adam", **options)


TOOLS = {
    tool.__name__: tool
    for tool in (
        lightning,
        lightning_callback,
        transformers,
        transformers_own,
        accelerate,
        timm,
        lookahead,
    )
}
