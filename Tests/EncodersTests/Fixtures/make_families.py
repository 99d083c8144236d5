"""Writes small encoders with random weights, of every family beyond BERT's, and what PyTorch makes of them.

    pip install torch transformers sentencepiece safetensors
    python make_families.py          # writes the directory families/ beside this file

Made with torch 2.15, transformers 5.24, sentencepiece 0.2.3. Every directory is an encoder in Hugging Face's layout
with `expected.safetensors`: ids and segments of sequences of several lengths (`I.ids`, `I.segments`), which went through
the model as one padded batch, all hidden states of their real tokens (`I.states`, [layers + 1, tokens, width]), and,
of one model a family, the gradient of `sum(last hidden state * direction)` over all sequences with respect to each
weight of the layers. What is shared beyond a layer (DeBERTa's and MPNet's distances) is never trained.
"""

import io
import json
import os
import sys

import sentencepiece
import torch
import transformers
from safetensors.torch import save_file

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../TokenizationTests/Fixtures"))
from make_tokenizers import TEXTS

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "families")
WITH_GRADIENTS = ["albert", "albert-groups", "electra", "mpnet", "deberta-v3", "deberta-v2"]
LENGTHS = [1, 7, 40, 13, 2]
SIZES = dict(vocab_size=72, hidden_size=24, num_attention_heads=3, intermediate_size=40, num_hidden_layers=3,
             max_position_embeddings=40, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)


def cases():
    t = transformers
    yield "albert", t.AlbertForPreTraining, t.AlbertConfig(**SIZES, embedding_size=16)
    yield "albert-groups", t.AlbertModel, t.AlbertConfig(
        **SIZES | dict(num_hidden_layers=4, intermediate_size=16), embedding_size=8, num_hidden_groups=2, inner_group_num=2,
        hidden_act="gelu", layer_norm_eps=1e-5)
    yield "electra", t.ElectraForPreTraining, t.ElectraConfig(**SIZES, embedding_size=16)
    yield "electra-wide", t.ElectraModel, t.ElectraConfig(**SIZES | dict(num_hidden_layers=2), embedding_size=24)
    yield "mpnet", t.MPNetForMaskedLM, t.MPNetConfig(**SIZES | dict(max_position_embeddings=44))
    plain = dict(vocab_size=72, hidden_size=24, num_attention_heads=3, intermediate_size=40,
                 max_position_embeddings=40, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    yield "deberta-v3", t.DebertaV2ForMaskedLM, t.DebertaV2Config(
        **plain, num_hidden_layers=3, relative_attention=True, position_buckets=8, max_relative_positions=-1,
        pos_att_type=["p2c", "c2p"], share_att_key=True, norm_rel_ebd="layer_norm", position_biased_input=False)
    yield "deberta-v2", t.DebertaV2Model, t.DebertaV2Config(
        **plain, num_hidden_layers=2, relative_attention=True, max_relative_positions=16,
        pos_att_type="c2p|p2c", share_att_key=False, embedding_size=16, type_vocab_size=2)
    yield "deberta-c2p", t.DebertaV2Model, t.DebertaV2Config(
        **plain, num_hidden_layers=2, relative_attention=True, position_buckets=16,
        pos_att_type=["c2p"], share_att_key=False, position_biased_input=False)
    yield "deberta-p2c", t.DebertaV2Model, t.DebertaV2Config(
        **plain, num_hidden_layers=2, relative_attention=True, position_buckets=6,
        pos_att_type=["p2c"], share_att_key=True, position_biased_input=False)
    yield "deberta-absolute", t.DebertaV2Model, t.DebertaV2Config(**plain, num_hidden_layers=2)


def scatter(model, generator):
    """Weights that are nowhere zero or one, of a size at which attention and activations matter."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "embeddings" in name and parameter.dim() == 2 and "project" not in name:
                parameter.copy_(noise)
            elif "relative_attention_bias" in name:
                parameter.copy_(noise)
            elif parameter.dim() == 2:
                parameter.copy_(noise * 1.5 / parameter.shape[1] ** 0.5)
            elif name.endswith(("Norm.weight", "norm.weight")):
                parameter.copy_(1 + 0.2 * noise)
            else:
                parameter.copy_(0.3 * noise)


def write_tokenizer(name, directory):
    """Any tokenizer that the family may have; the ids of these tests do not come from it."""
    kind = name.split("-")[0]
    if kind in ("electra", "mpnet"):
        names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        if kind == "mpnet":
            names = ["<s>", "<pad>", "</s>", "[UNK]", "<mask>"]
        letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
        with open(os.path.join(directory, "vocab.txt"), "w") as file:
            file.write("\n".join(names + letters + ["##" + c for c in letters]) + "\n")
        tokenizer = {"electra": "ElectraTokenizer", "mpnet": "MPNetTokenizer"}[kind]
    else:
        if kind == "albert":
            special = dict(pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols=["[CLS]", "[SEP]", "[MASK]"])
        else:
            special = dict(pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]",
                           eos_piece="[SEP]", unk_piece="[UNK]")
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(TEXTS[:3]), model_writer=model, model_type="unigram", num_threads=1,
            hard_vocab_limit=False, vocab_size=60, normalization_rule_name="identity", minloglevel=2, **special)
        file_name = {"albert": "spiece.model", "deberta": "spm.model"}[kind]
        with open(os.path.join(directory, file_name), "wb") as file:
            file.write(model.getvalue())
        tokenizer = {"albert": "AlbertTokenizer", "deberta": "DebertaV2Tokenizer"}[kind]
    with open(os.path.join(directory, "tokenizer_config.json"), "w") as file:
        json.dump({"tokenizer_class": tokenizer}, file)


def encoder_of(model):
    return getattr(model, model.base_model_prefix, model)


def hidden_states(name, encoder, inputs):
    if name.startswith("albert"):
        # One state a group's application; the library records every layer within a group.
        states = []
        hook = encoder.encoder.embedding_hidden_mapping_in.register_forward_hook(lambda m, i, o: states.append(o))
        hooks = [g.register_forward_hook(lambda m, i, o: states.append(o)) for g in encoder.encoder.albert_layer_groups]
        encoder(**inputs)
        for each in hooks + [hook]:
            each.remove()
        return states
    return encoder(**inputs, output_hidden_states=True).hidden_states


def write_distances():
    """The rows of tables of distances -600...600, query minus key, as the library computes them."""
    from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position
    from transformers.models.mpnet.modeling_mpnet import MPNetEncoder
    distance = torch.arange(-600, 601)
    tables = [{"buckets": 0, "farthest": 128, "rows": MPNetEncoder.relative_position_bucket(-distance).tolist()}]
    for buckets, farthest in [(256, 512), (8, 40), (16, 40), (6, 40), (4, 300), (64, 128), (100, 2000)]:
        rows = make_log_bucket_position(distance, buckets, farthest).long() + buckets
        tables.append({"buckets": buckets, "farthest": farthest, "rows": rows.clamp(0, 2 * buckets - 1).tolist()})
    with open(os.path.join(HERE, "distances.json"), "w") as file:
        json.dump(tables, file, separators=(",", ":"))


def main():
    write_distances()
    for seed, (name, make, config) in enumerate(cases()):
        generator = torch.Generator().manual_seed(seed)
        directory = os.path.join(HERE, name)
        os.makedirs(directory, exist_ok=True)
        config._attn_implementation = "eager"
        model = make(config).eval().float()
        scatter(model, generator)
        model.save_pretrained(directory)
        for extra in ("generation_config.json",):
            if os.path.exists(os.path.join(directory, extra)):
                os.remove(os.path.join(directory, extra))
        write_tokenizer(name, directory)

        padding = config.pad_token_id
        ids = torch.full((len(LENGTHS), max(LENGTHS)), padding)
        mask = torch.zeros_like(ids)
        segments = torch.zeros_like(ids)
        has_types = getattr(config, "type_vocab_size", 0) > 1 and not name.startswith("mpnet")
        for row, length in enumerate(LENGTHS):
            ids[row, :length] = torch.randint(5, config.vocab_size, (length,), generator=generator)
            mask[row, :length] = 1
            if has_types:
                segments[row, length // 2:length] = 1
        inputs = dict(input_ids=ids, attention_mask=mask)
        if not name.startswith("mpnet"):
            inputs["token_type_ids"] = segments
        encoder = encoder_of(model)
        states = hidden_states(name, encoder, inputs)
        assert len(states) == config.num_hidden_layers + 1
        tensors = {}
        for row, length in enumerate(LENGTHS):
            tensors[f"{row}.ids"] = ids[row, :length].int().contiguous()
            tensors[f"{row}.segments"] = segments[row, :length].int().contiguous()
            tensors[f"{row}.states"] = torch.stack([s[row, :length] for s in states]).detach()
        direction = torch.randn(max(LENGTHS), config.hidden_size, generator=generator)
        loss = sum((states[-1][row, :length] * direction[:length]).sum() for row, length in enumerate(LENGTHS))
        encoder.zero_grad()
        loss.backward()
        tensors["direction"] = direction
        for key, parameter in encoder.named_parameters():
            if name in WITH_GRADIENTS and (".layer." in key or ".albert_layers." in key):
                tensors[f"gradient.{key}"] = parameter.grad.contiguous()
        save_file(tensors, os.path.join(directory, "expected.safetensors"))
        print(name, float(states[-1].detach().std()), sum(
            os.path.getsize(os.path.join(directory, f)) for f in os.listdir(directory)))


if __name__ == "__main__":
    main()
