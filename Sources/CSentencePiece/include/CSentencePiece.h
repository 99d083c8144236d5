// A C boundary around SentencePiece: opaque handles, status codes, error texts. No C++ type and no
// exception crosses it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct knas_sentencepiece knas_sentencepiece;

// Loads a serialised model. Returns NULL and sets *error (to be freed with knas_sp_free) on failure.
knas_sentencepiece *knas_sp_load(const void *bytes, size_t count, char **error);
void knas_sp_release(knas_sentencepiece *handle);
void knas_sp_free(void *memory);

int32_t knas_sp_size(const knas_sentencepiece *handle);
// The piece of an id, which must be in 0 ..< size. Valid as long as the handle.
const char *knas_sp_piece(const knas_sentencepiece *handle, int32_t id, size_t *length);
// The id of a piece, or the unknown id.
int32_t knas_sp_id(const knas_sentencepiece *handle, const char *piece, size_t length);
int32_t knas_sp_unknown(const knas_sentencepiece *handle);

// Ids of a UTF-8 text; may be called from several threads. Returns 0, with *ids (to be freed with
// knas_sp_free) and *id_count set, or non-zero with *error set.
int32_t knas_sp_encode(
    const knas_sentencepiece *handle, const char *text, size_t length, int32_t **ids,
    size_t *id_count, char **error);

// Trains a unigram model on `count` texts; `rule` is the name of a normalisation rule. Returns 0 with
// *model (to be freed with knas_sp_free) and *model_count set, or non-zero with *error set.
int32_t knas_sp_train(
    const char *const *texts, const size_t *lengths, size_t count, int32_t vocabulary_size,
    const char *rule, void **model, size_t *model_count, char **error);

#ifdef __cplusplus
}
#endif
