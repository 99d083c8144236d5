// Products of gradient kernels: many small matrices, where a matrix library spends its time on packing.
//
// Both loops read their factors as they lie, and keep a tile of the result in registers. The tiles fit
// the 32 wide registers of AVX-512; where there are fewer a matrix library is faster, which
// knas_prefers_own_products tells.

#include "CKernels.h"
#include "Clones.h"

typedef float lanes_t __attribute__((vector_size(64), aligned(4), may_alias));
typedef float half_t __attribute__((vector_size(32)));
typedef float quarter_t __attribute__((vector_size(16)));

enum { LANES = 16, TILE_ROWS = 8, GRAM_ROWS = 4, GRAM_CHUNK = 1024, PANEL_ROWS = 32, PANEL_DEPTH = 128 };

#define UNROLL _Pragma("clang loop unroll(full)")

int32_t knas_prefers_own_products(void) {
#if defined(__x86_64__) && defined(__clang__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    return 0;
#endif
}

// M rows by N * LANES columns of c; M and N are constants once inlined. d is packed.
KNAS_INLINE void product_tile(
    const int32_t M, const int32_t N, int64_t count, const float *d, const float *x,
    int64_t stride_x, float *c, int64_t stride_c, int32_t accumulate) {
    lanes_t sum[TILE_ROWS][3];
    UNROLL for (int32_t i = 0; i < M; i++) {
        UNROLL for (int32_t j = 0; j < N; j++) sum[i][j] = (lanes_t){0};
    }
    for (int64_t t = 0; t < count; t++) {
        lanes_t row[3];
        UNROLL for (int32_t j = 0; j < N; j++) {
            row[j] = *(const lanes_t *)(x + t * stride_x + j * LANES);
        }
        UNROLL for (int32_t i = 0; i < M; i++) {
            const float factor = d[t * PANEL_ROWS + i];
            UNROLL for (int32_t j = 0; j < N; j++) sum[i][j] += factor * row[j];
        }
    }
    UNROLL for (int32_t i = 0; i < M; i++) {
        UNROLL for (int32_t j = 0; j < N; j++) {
            lanes_t *target = (lanes_t *)(c + i * stride_c + j * LANES);
            *target = accumulate ? *target + sum[i][j] : sum[i][j];
        }
    }
}

// N * LANES columns of m <= PANEL_ROWS rows: the panel's rows of x stay in the first-level cache.
KNAS_INLINE void product_columns(
    const int32_t N, int64_t m, int64_t count, const float *d, const float *x, int64_t stride_x,
    float *c, int64_t stride_c, int32_t accumulate) {
    int64_t i = 0;
    for (; i + TILE_ROWS <= m; i += TILE_ROWS) {
        product_tile(
            TILE_ROWS, N, count, d + i, x, stride_x, c + i * stride_c, stride_c, accumulate);
    }
    for (; i < m; i++) {
        product_tile(1, N, count, d + i, x, stride_x, c + i * stride_c, stride_c, accumulate);
    }
}

KNAS_CLONES
void knas_outer_products(
    int64_t m, int64_t n, int64_t count, const float *d, int64_t stride_d, const float *x,
    int64_t stride_x, float *c, int64_t stride_c) {
    float panel[PANEL_DEPTH * PANEL_ROWS];
    for (int64_t i = 0; i < m; i += PANEL_ROWS) {
        const int64_t rows = m - i < PANEL_ROWS ? m - i : PANEL_ROWS;
        int64_t t = 0;
        do {
            const int64_t depth = count - t < PANEL_DEPTH ? count - t : PANEL_DEPTH;
            for (int64_t s = 0; s < depth; s++) {
                const float *source = d + (t + s) * stride_d + i;
                for (int64_t r = 0; r < rows; r++) panel[s * PANEL_ROWS + r] = source[r];
            }
            const float *from = x + t * stride_x;
            float *to = c + i * stride_c;
            int64_t j = 0;
            for (; j + 3 * LANES <= n; j += 3 * LANES) {
                product_columns(3, rows, depth, panel, from + j, stride_x, to + j, stride_c, t > 0);
            }
            for (; j + LANES <= n; j += LANES) {
                product_columns(1, rows, depth, panel, from + j, stride_x, to + j, stride_c, t > 0);
            }
            for (; j < n; j++) {
                for (int64_t r = 0; r < rows; r++) {
                    float sum = 0.0f;
                    for (int64_t s = 0; s < depth; s++) {
                        sum += panel[s * PANEL_ROWS + r] * from[s * stride_x + j];
                    }
                    to[r * stride_c + j] = t > 0 ? to[r * stride_c + j] + sum : sum;
                }
            }
            t += depth;
        } while (t < count);
    }
}

KNAS_INLINE double lane_sum(const lanes_t *lanes) {
    const lanes_t x = *lanes;
    const half_t a = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7)
        + __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
    const quarter_t b = __builtin_shufflevector(a, a, 0, 1, 2, 3)
        + __builtin_shufflevector(a, a, 4, 5, 6, 7);
    return (double)((b[0] + b[1]) + (b[2] + b[3]));
}

// Inner products of M rows at a with N rows at b; those with column <= row count.
KNAS_INLINE void gram_tile(
    const int32_t M, const int32_t N, int64_t i, int64_t j, int64_t width, const float *a,
    const float *b, int64_t stride, int64_t examples, double *gram) {
    lanes_t sum[GRAM_ROWS][GRAM_ROWS];
    UNROLL for (int32_t r = 0; r < M; r++) {
        UNROLL for (int32_t s = 0; s < N; s++) sum[r][s] = (lanes_t){0};
    }
    int64_t k = 0;
    for (; k + LANES <= width; k += LANES) {
        lanes_t row[GRAM_ROWS];
        UNROLL for (int32_t r = 0; r < M; r++) row[r] = *(const lanes_t *)(a + r * stride + k);
        UNROLL for (int32_t s = 0; s < N; s++) {
            const lanes_t other = *(const lanes_t *)(b + s * stride + k);
            UNROLL for (int32_t r = 0; r < M; r++) sum[r][s] += row[r] * other;
        }
    }
    for (int32_t r = 0; r < M; r++) {
        for (int32_t s = 0; s < N && j + s <= i + r; s++) {
            double rest = 0.0;
            for (int64_t t = k; t < width; t++) {
                rest += (double)a[r * stride + t] * (double)b[s * stride + t];
            }
            gram[(i + r) * examples + j + s] += lane_sum(&sum[r][s]) + rest;
        }
    }
}

KNAS_CLONES
void knas_gram_lower(
    int64_t examples, int64_t width, const float *g, int64_t stride, double *gram) {
    // A chunk of four rows stays in the first-level cache while the others pass by.
    for (int64_t start = 0; start < width; start += GRAM_CHUNK) {
        const int64_t count = width - start < GRAM_CHUNK ? width - start : GRAM_CHUNK;
        const float *rows = g + start;
        int64_t i = 0;
        for (; i + GRAM_ROWS <= examples; i += GRAM_ROWS) {
            for (int64_t j = 0; j <= i; j += GRAM_ROWS) {
                gram_tile(
                    GRAM_ROWS, GRAM_ROWS, i, j, count, rows + i * stride, rows + j * stride, stride,
                    examples, gram);
            }
        }
        for (; i < examples; i++) {
            for (int64_t j = 0; j <= i; j++) {
                gram_tile(
                    1, 1, i, j, count, rows + i * stride, rows + j * stride, stride, examples, gram);
            }
        }
    }
}
