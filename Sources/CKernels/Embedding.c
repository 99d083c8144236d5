#include "CKernels.h"
#include "Halves.h"

KNAS_CLONES
void knas_gather_rows(
    int64_t rows, int64_t width, const int32_t *ids, const float *table, float *y,
    int32_t accumulate) {
    for (int64_t r = 0; r < rows; r++) {
        const float *row = table + (int64_t)ids[r] * width;
        float *out = y + r * width;
        KNAS_EACH(i, width, accumulate, out, row[i]);
    }
}

KNAS_CLONES
void knas_gather_rows_f16(
    int64_t rows, int64_t width, const int32_t *ids, const uint16_t *table, float *y,
    int32_t accumulate) {
    for (int64_t r = 0; r < rows; r++) {
        const uint16_t *row = table + (int64_t)ids[r] * width;
        float *out = y + r * width;
        KNAS_EACH(i, width, accumulate, out, knas_float_from_half(row[i]));
    }
}

KNAS_CLONES
void knas_gather_rows_bf16(
    int64_t rows, int64_t width, const int32_t *ids, const uint16_t *table, float *y,
    int32_t accumulate) {
    for (int64_t r = 0; r < rows; r++) {
        const uint16_t *row = table + (int64_t)ids[r] * width;
        float *out = y + r * width;
        KNAS_EACH(i, width, accumulate, out, knas_float_from_bfloat(row[i]));
    }
}

// Rows in order: an id that occurs twice receives its rows one after the other.
KNAS_CLONES
void knas_scatter_add_rows(
    int64_t rows, int64_t width, const int32_t *ids, const float *x, float *table) {
    for (int64_t r = 0; r < rows; r++) {
        const float *row = x + r * width;
        float *out = table + (int64_t)ids[r] * width;
        KNAS_EACH(i, width, 1, out, row[i]);
    }
}

KNAS_CLONES
void knas_f16_to_f32(int64_t count, const uint16_t *x, float *y) {
    KNAS_EACH(i, count, 0, y, knas_float_from_half(x[i]));
}

KNAS_CLONES
void knas_f32_to_f16(int64_t count, const float *x, uint16_t *y) {
    KNAS_EACH(i, count, 0, y, knas_half_from_float(x[i]));
}

KNAS_CLONES
void knas_bf16_to_f32(int64_t count, const uint16_t *x, float *y) {
    KNAS_EACH(i, count, 0, y, knas_float_from_bfloat(x[i]));
}
