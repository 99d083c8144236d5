// Matrix products in bfloat16 through oneDNN, which is loaded when the first is asked for: neither
// building nor running needs the library.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    KNAS_BF16_READY = 0,
    // The headers of oneDNN 2 were not there when this was compiled.
    KNAS_BF16_NOT_BUILT = 1,
    // The library cannot be loaded, or is another version.
    KNAS_BF16_NO_LIBRARY = 2,
    // The processor has no instructions for bfloat16; oneDNN would imitate them slowly.
    KNAS_BF16_NO_PROCESSOR = 3,
} knas_bf16_state;

// Whether the functions below work here. Thread-safe.
knas_bf16_state knas_bf16_available(void);

// Weights `[n, k]` of a linear layer, rounded to bfloat16 and laid out for products with them.
// Read by any number of threads at a time.
typedef struct knas_bf16_weights knas_bf16_weights;

// NULL where memory is short or oneDNN refuses; only after knas_bf16_available() said yes.
// `bias` has n floats, or is NULL.
knas_bf16_weights *knas_bf16_pack(int64_t n, int64_t k, const float *weights, const float *bias);
void knas_bf16_free(knas_bf16_weights *weights);

// y = round(x) transpose(weights) + bias, with x `[m, k]` rounded to the nearest bfloat16 and
// products added up in float32; y `[m, n]`. A row of y depends on its row of x alone.
// Returns 0, or oneDNN's status.
int knas_bf16_multiply(const knas_bf16_weights *weights, int64_t m, const float *x, float *y);

// y = x rounded to the nearest bfloat16, to even where two are as near; subnormal numbers become 0, and a NaN
// stays one.
void knas_bf16_round(int64_t count, const float *x, uint16_t *y);

// c (+)= op(a) op(b) + bias, added up in float32: op(a) is [m, k], op(b) [k, n], c [m, n]; a transposed factor
// is stored as the rows of what it is the transpose of. `bias` has n floats, or is NULL, as it is with
// `accumulate`. Returns 0, or oneDNN's status. Sizes that come again cost nothing to prepare; each thread
// remembers a thousand.
int knas_bf16_product(
    int64_t m, int64_t n, int64_t k, const uint16_t *a, int transposed_a, const uint16_t *b,
    int transposed_b, const float *bias, float *c, int accumulate);

#ifdef __cplusplus
}
#endif
