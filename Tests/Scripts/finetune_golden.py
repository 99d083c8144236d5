"""Makes TestSupport/Fixtures/finetune.safetensors: ten AdamW steps of a small BERT and a head, by PyTorch and transformers.

    python finetune_golden.py

The embeddings' output is rounded to float16, as cached features are; everything above it is trained in
float32, without dropout, with a learning rate that falls from layer to layer, linear warm-up and decay,
clipped gradients, and no weight decay of norms and biases.
"""
import pathlib

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

torch.manual_seed(3)
WIDTH, LAYERS, TOTAL, STEPS = 16, 2, 11, 10
HEAD_RATE, ENCODER_RATE, LAYER_DECAY, WEIGHT_DECAY = 2e-2, 1e-2, 0.5, 0.1
WARM_UP, CLIP = 0.3, 0.5

config = BertConfig(
    vocab_size=30, hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=2,
    intermediate_size=32, max_position_embeddings=16, hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0, layer_norm_eps=1e-5, initializer_range=0.3)
model = BertModel(config, add_pooling_layer=False)
model.embeddings.register_forward_hook(lambda module, inputs, output: output.half().float())
for parameter in model.embeddings.parameters():
    parameter.requires_grad_(False)
for name, parameter in model.named_parameters():
    if name.endswith("bias"):
        torch.nn.init.uniform_(parameter, -0.2, 0.2)
head = torch.nn.ModuleDict(
    {"hidden": torch.nn.Linear(WIDTH, 32), "linear": torch.nn.Linear(32, 3)})

lengths = [3, 7, 1, 5, 9, 2]
labels = torch.tensor([0, 1, 2, 1, 0, 2])
texts = [torch.randint(0, 30, (1, length)) for length in lengths]


def trained():
    for name, parameter in model.encoder.named_parameters():
        yield "encoder." + name, parameter
    for name, parameter in head.named_parameters():
        yield "head." + name, parameter


def snapshot(prefix):
    return {prefix + name: parameter.detach().clone() for name, parameter in trained()}


groups = []
for name, parameter in trained():
    rate = HEAD_RATE
    if name.startswith("encoder."):
        rate = ENCODER_RATE * LAYER_DECAY ** (LAYERS - 1 - int(name.split(".")[2]))
    decay = WEIGHT_DECAY if parameter.dim() > 1 else 0.0
    groups.append({"params": [parameter], "lr": rate, "weight_decay": decay})
optimizer = torch.optim.AdamW(groups)
rising = max(1, round(TOTAL * WARM_UP))
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer,
    lambda step: (step + 1) / rising if step + 1 <= rising else (TOTAL - step) / (TOTAL - rising))

tensors = snapshot("before.")
with torch.no_grad():
    features = [model(text, output_hidden_states=True).hidden_states[0][0] for text in texts]
tensors["features"] = torch.cat(features)
losses = []
for _ in range(STEPS):
    rows = [model(text).last_hidden_state[0].mean(0) for text in texts]
    logits = head["linear"](torch.tanh(head["hidden"](torch.stack(rows))))
    loss = torch.nn.functional.cross_entropy(logits, labels)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_([parameter for _, parameter in trained()], CLIP)
    optimizer.step()
    schedule.step()
    losses.append(loss.item())
tensors |= snapshot("after.")
tensors["losses"] = torch.tensor(losses)
tensors["lengths"] = torch.tensor(lengths, dtype=torch.int32)
tensors["labels"] = labels.int()
fixtures = pathlib.Path(__file__).parent.parent / "TestSupport" / "Fixtures"
save_file(tensors, fixtures / "finetune.safetensors")
print("losses", losses)
