/* Classifiers that knas has made, for programs in any language: libknas.
 *
 *     char *error = NULL;
 *     knas_classifier *classifier = knas_open("runs/demo/model", NULL, 0, &error);
 *     const char *texts[] = {"Could somebody bring two more towels?"};
 *     float values[64];
 *     if (classifier && knas_classify(classifier, texts, NULL, 1, values, &error) == KNAS_OK)
 *         use(knas_label(classifier, 0), values[0]); // the first class, and how likely it is
 *
 * All text is UTF-8 and ends with a zero byte. A classifier may be used by several threads at a time: they take
 * turns, and each call works on several cores itself. Where a call fails, `*error` is a message that
 * the caller frees with knas_free(); `error` itself may be NULL. Nothing is written to standard output or standard
 * error, and no signal is caught.
 */
#ifndef KNAS_H
#define KNAS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What calls return: the exit codes of the command line. */
enum {
    KNAS_OK = 0,
    KNAS_USAGE = 64,        /* arguments that make no sense, such as a pair for a model of single texts */
    KNAS_BAD_INPUT = 65,    /* a damaged model, an empty text, bytes that are not UTF-8 */
    KNAS_MISSING_FILE = 66, /* no such model; the encoder is not installed */
    KNAS_INTERNAL = 70,
    KNAS_INPUT_OUTPUT = 74,
};

/* What a model answers with. */
enum {
    KNAS_ONE_CLASS = 0, /* one class of many: a probability for each, which add up to 1 */
    KNAS_LABELS = 1,    /* any number of labels: a probability for each by itself */
    KNAS_NUMBER = 2,    /* a number */
};

typedef struct knas_classifier knas_classifier;

/* The version, such as "0.1.0"; not to be freed. */
const char *knas_version(void);

/* Loads a run's model directory, in under a second with an encoder that was read before.
 *
 * encoder: the encoder's directory; NULL for the one that the model was made on, where it is installed.
 * threads: threads to work with; 0 for all cores. Answers do not depend on it.
 * Returns NULL where that fails. */
knas_classifier *knas_open(const char *model, const char *encoder, int32_t threads, char **error);

/* Frees a classifier, or does nothing with NULL. No other thread may use it any more. */
void knas_close(knas_classifier *classifier);

/* KNAS_ONE_CLASS, KNAS_LABELS or KNAS_NUMBER. */
int32_t knas_target(const knas_classifier *classifier);

/* 1 where an input is a pair of texts, else 0. */
int32_t knas_takes_pairs(const knas_classifier *classifier);

/* Values of an answer: the number of classes or labels; 1 for a number. */
int32_t knas_value_count(const knas_classifier *classifier);

/* The name of a class or label, from 0; NULL for other places, and for numbers. Valid until knas_close(). */
const char *knas_label(const knas_classifier *classifier, int32_t place);

/* From which probability on a text is said to have a label; 0 for models without thresholds. */
float knas_threshold(const knas_classifier *classifier, int32_t place);

/* Classifies texts, best many at a time.
 *
 * texts: `count` texts.
 * pairs: as many second texts for models of pairs; NULL for others.
 * values: gets `count` rows of knas_value_count() floats. Unchanged where the call fails.
 * Returns KNAS_OK or what went wrong. */
int32_t knas_classify(
    const knas_classifier *classifier, const char *const *texts, const char *const *pairs, int64_t count,
    float *values, char **error);

/* The smallest share that knas_assess() takes as `abstain`, 1 in (held-out rows + 1); 0 where the model can promise
 * nothing: with several labels a text, and models of earlier versions. */
double knas_least_abstain(const knas_classifier *classifier);

/* Classifies texts as knas_classify() does, and says how far the answers can be trusted. Arrays that are not wanted may be
 * NULL.
 *
 * abstain: the share of texts that may be answered wrong, e.g. 0.05; 0 where neither sets nor intervals are wanted.
 * values: as in knas_classify().
 * sets: gets `count` rows of knas_value_count() bytes, 1 for a class that remains, else 0: of texts like those of training,
 *     that share at most lacks the true class. NULL for numbers.
 * intervals: gets the lower and the upper end for each text, likewise. NULL for classes.
 * familiarities: gets for each text the share of texts like those of training that are as far from them or farther; 0.05
 *     and less is an outlier. Not a number (NAN) for models of earlier versions.
 * Returns KNAS_OK or what went wrong; then all arrays are unchanged. */
int32_t knas_assess(
    const knas_classifier *classifier, const char *const *texts, const char *const *pairs, int64_t count,
    double abstain, float *values, uint8_t *sets, double *intervals, double *familiarities, char **error);

/* Frees a message, or does nothing with NULL. */
void knas_free(char *message);

#ifdef __cplusplus
}
#endif
#endif
