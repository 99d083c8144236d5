#include "CKernels.h"
#include "Rows.h"

enum { BLOCK = 4096, WIDE = 32 };

// The lanes of a block in double, always in the same order.
KNAS_INLINE double total(const float *lane) {
    double sum = 0.0;
    for (int32_t j = 0; j < WIDE; j++) sum += (double)lane[j];
    return sum;
}

KNAS_CLONES
double knas_dot(int64_t count, const float *a, const float *b) {
    double sum = 0.0;
    for (int64_t start = 0; start < count; start += BLOCK) {
        const int64_t end = count - start < BLOCK ? count : start + BLOCK;
        float lane[WIDE] = {0};
        int64_t i = start;
        for (; i + WIDE <= end; i += WIDE) {
            for (int32_t j = 0; j < WIDE; j++) lane[j] += a[i + j] * b[i + j];
        }
        for (int32_t j = 0; i < end; i++, j++) lane[j] += a[i] * b[i];
        sum += total(lane);
    }
    return sum;
}

KNAS_CLONES
double knas_sum(int64_t count, const float *x) {
    double sum = 0.0;
    for (int64_t start = 0; start < count; start += BLOCK) {
        const int64_t end = count - start < BLOCK ? count : start + BLOCK;
        float lane[WIDE] = {0};
        int64_t i = start;
        for (; i + WIDE <= end; i += WIDE) {
            for (int32_t j = 0; j < WIDE; j++) lane[j] += x[i + j];
        }
        for (int32_t j = 0; i < end; i++, j++) lane[j] += x[i];
        sum += total(lane);
    }
    return sum;
}

KNAS_CLONES
int32_t knas_all_finite(int64_t count, const float *x) {
    for (int64_t start = 0; start < count; start += BLOCK) {
        const int64_t end = count - start < BLOCK ? count : start + BLOCK;
        int32_t odd = 0;
        KNAS_LOOP for (int64_t i = start; i < end; i++) {
            odd |= (knas_bits(x[i]) & 0x7f800000) == 0x7f800000;
        }
        if (odd) return 0;
    }
    return 1;
}

KNAS_CLONES
void knas_column_sums(int64_t rows, int64_t width, const float *x, float *out, int32_t accumulate) {
    if (!accumulate) {
        KNAS_EACH(i, width, 0, out, 0.0f);
    }
    for (int64_t r = 0; r < rows; r++) {
        const float *row = x + r * width;
        KNAS_EACH(i, width, 1, out, row[i]);
    }
}

KNAS_CLONES
void knas_double_column_sums(int64_t rows, int64_t width, const float *x, double *sums) {
    for (int64_t r = 0; r < rows; r++) {
        const float *row = x + r * width;
        KNAS_LOOP for (int64_t i = 0; i < width; i++) sums[i] += (double)row[i];
    }
}

KNAS_CLONES
void knas_column_square_deviations(
    int64_t rows, int64_t width, const float *x, const double *means, double *squares) {
    for (int64_t r = 0; r < rows; r++) {
        const float *row = x + r * width;
        KNAS_LOOP for (int64_t i = 0; i < width; i++) {
            const double difference = (double)row[i] - means[i];
            squares[i] += difference * difference;
        }
    }
}

// sum(a * b) with products and sums in double, where a product is exact.
KNAS_INLINE double double_dot(int64_t count, const float *a, const float *b) {
    KNAS_REASSOCIATE
    double sum = 0.0;
    KNAS_LOOP for (int64_t i = 0; i < count; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

KNAS_CLONES
void knas_block_products(
    int64_t examples, int64_t first, int64_t last, const int64_t *offsets, int64_t stride,
    const float *a, const float *b, double *gram) {
    for (int64_t i = first; i < last; i++) {
        for (int64_t j = 0; j <= i; j++) {
            const int64_t column = offsets[j];
            const int64_t width = offsets[j + 1] - column;
            double sum = 0.0;
            for (int64_t t = offsets[i] - offsets[first]; t < offsets[i + 1] - offsets[first]; t++) {
                sum += double_dot(width, a + t * stride + column, b + t * stride + column);
            }
            gram[i * examples + j] += sum;
        }
    }
}
