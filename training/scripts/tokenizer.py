#!/usr/bin/env python3
"""Makes the fixtures that hold the tokeniser to transformers': training/tests/fixtures/tokenizer/NAME/.

    python4 training/scripts/tokenizer.py        # an environment with transformers 4.57 and sentencepiece
    python5 training/scripts/tokenizer.py        # then one with transformers 5

The first makes `deberta`, a small spm.model with the normalisation and the special tokens of the public models, and
`lower`, one without rules for characters whose tokenizer_config.json asks for lower case and for words at punctuation. The
second makes `version5`: the tokenizer.json that transformers 5 makes of `deberta`, which encodes by other rules.

In each folder cases.json has, for texts and pairs and several maximal lengths, the ids and segments (token types) of the
fast tokeniser. The models are trained on the help topics that come with Python.
"""

import io
import json
import pathlib
import pydoc_data.topics
import shutil
import tempfile

import transformers
from transformers import AutoTokenizer

ROOT = pathlib.Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "tokenizer"
VERSION = int(transformers.__version__.split(".")[0])

TEXTS = [
    "",
    " ",
    "   \n\t ",
    "a",
    "The statement is executed when the module is imported.",
    "What is the difference between a list and a tuple?",
    "  leading and trailing  ",
    "runs   of    spaces",
    "tabs\tand\nnew lines\r\nand\n\n\nparagraphs\x0band\x0cpages",
    "no-break\u00a0space, thin\u2009space, ideographic\u3000space, \u200bzero width\u200b, \ufeffmark, line\u2028paragraph\u2029end",
    "control\x00characters\x01\x02 and \x7f \x85 \x9f delete",
    "soft\u00adhyphen and word\u2060joiner",
    "caf\u00e9 cafe\u0301 na\u00efve nai\u0308ve Zu\u0308rich \u1e69 s\u0323\u0307 s\u0307\u0323",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035aa\u0357\u0352l\u0300go",
    "\uff26\uff55\uff4c\uff4c \uff57\uff49\uff44\uff54\uff48 \uff11\uff12\uff13\uff0c\uff01 \uff76\uff9e\uff8a\uff9f half",
    "\ufb01ne \ufb03 \u2460 \u00bd x\u00b2 \u2122 \u2026 \u201cquotes\u201d \u2018single\u2019 \u2013 \u2014 \u2212 \u00d7",
    "\u4f60\u597d\uff0c\u4e16\u754c\u3002\u6771\u4eac\u306b\u3044\u307e\u3059\u3002\u30ab\u30bf\u30ab\u30ca \ud55c\uad6d\uc5b4 \u1112\u1161\u11ab",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440! \u0393\u03b5\u03b9\u03ac \u03c3\u03bf\u03c5 \u039a\u03cc\u03c3\u03bc\u03b5\u03c2 \u0130stanbul STRASSE stra\u00dfe \u01c5",
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd \u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645 \u200fmarks\u200e \u202eoverride\u202c \ufdfa",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0ba8\u0bbf",
    "emoji \U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f1e9\U0001f1ea \U0001f44d\U0001f3fd \u2764\ufe0f 1\ufe0f\u20e3 end",
    "\U0001d400\U0001d401 \U0001d7d8 \U00020000 \ue000 \ufffd \uffff \U0010ffff",
    "[CLS] a [SEP] b [SEP]",
    "[MASK]",
    "fill in [MASK] here,[MASK]there[MASK]",
    "an [UNK] token and [PAD][PAD] padding",
    "[cls] [Mask] [ SEP ] [SEP",
    "\u2581already\u2581marked \u2581 \u2581\u2581twice",
    "x=f(a,b);y+=1 # comment!? ...---... 'it''s' \"so\" <tag/> {k:v} [i] @x ~/p \\n `b` $1 ^2 _u_ |",
    "CamelCase ALLCAPS lower123 3.14159 1,000,000 2024-01-02 user@example.org https://example.org/a?b=c&d=e%20f",
    "supercalifragilisticexpialidocious" * 3,
    "a" * 300,
    "\u754c" * 40 + "word" + "\u754c" * 3,
    "zzz\u2603\u2603\u2603 \u2603 snow\u2603man",
    "e\u0301" * 20 + " " + "\u0301" * 9,
    "def f(x):\n    return x + 1\n\n\nclass A:\n\tpass\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n* one\n* two\n",
]

PAIRS = [(4, 5), (5, 0), (0, 5), (0, 0), (6, 7), (8, 9), (14, 15), (16, 17), (22, 23), (20, 18), (27, 28), (35, 36), (12, 13)]
LENGTHS = [3, 4, 5, 6, 7, 8, 11, 16, 17, 31]


def lines():
    topics = pydoc_data.topics.topics
    return [line for key in sorted(topics) for line in topics[key].split("\n") if line.strip()]


def train(path, **options):
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines()),
        model_writer=model,
        vocab_size=1500,
        model_type="unigram",
        pad_id=0, pad_piece="[PAD]",
        bos_id=1, bos_piece="[CLS]",
        eos_id=2, eos_piece="[SEP]",
        unk_id=3, unk_piece="[UNK]",
        num_threads=1,
        minloglevel=2,
        **options,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.getvalue())


def load(folder):
    """The tokeniser of a folder as that of a DeBERTa."""
    with tempfile.TemporaryDirectory() as copy:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        pathlib.Path(copy, "config.json").write_text('{"model_type": "deberta-v2"}')
        return AutoTokenizer.from_pretrained(copy)


def inputs():
    """Texts, and pairs of texts, with maximal lengths."""
    for text in TEXTS:
        yield text, None, 512
    long = " ".join(lines()[:60])
    for length in [2, 3, 9, 64, 512]:
        yield long, None, length
    for question, answer in PAIRS:
        yield TEXTS[question], TEXTS[answer], 512
    for length in LENGTHS:
        yield TEXTS[4], TEXTS[5], length
        yield TEXTS[3], TEXTS[4], length
        yield TEXTS[4], TEXTS[3], length
        yield TEXTS[24], TEXTS[20], length
    for length in [12, 13, 200]:
        yield long, TEXTS[5], length
        yield TEXTS[5], long, length
        yield long, long[100:], length


def cases(tokenizer, folder):
    found = []
    for question, answer, length in inputs():
        # As batches of one: given alone, an empty second text counts as none.
        texts = ([question],) if answer is None else ([question], [answer])
        encoding = tokenizer(*texts, truncation=True, max_length=length)
        ids, segments = encoding["input_ids"][0], encoding["token_type_ids"][0]
        found.append(dict(question=question, answer=answer, max_length=length, ids=ids, segments=segments))
    lines = ",\n".join(json.dumps(case) for case in found)
    (folder / "cases.json").write_text(
        f'{{"transformers": "{transformers.__version__}", "padding": {tokenizer.pad_token_id}, '
        f'"vocabulary": {len(tokenizer)}, "cases": [\n{lines}\n]}}\n'
    )
    print(folder.name, type(tokenizer).__name__, len(found), "cases")


def main():
    if VERSION == 4:
        train(ROOT / "deberta" / "spm.model", normalization_rule_name="nmt_nfkc")
        train(ROOT / "lower" / "spm.model", normalization_rule_name="identity")
        (ROOT / "lower" / "tokenizer_config.json").write_text('{"do_lower_case": true, "split_by_punct": true}\n')
        for name in ["deberta", "lower"]:
            cases(load(ROOT / name), ROOT / name)
    else:
        folder = ROOT / "version5"
        shutil.rmtree(folder, ignore_errors=True)
        load(ROOT / "deberta").save_pretrained(folder)
        cases(load(folder), folder)


if __name__ == "__main__":
    main()
