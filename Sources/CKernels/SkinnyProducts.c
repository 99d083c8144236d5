// Products of a tall matrix with a few columns. A general matrix product rearranges the tall matrix
// first, which for two columns costs more than the product; here it is read once.
#include "CKernels.h"
#include "Rows.h"

enum { TOGETHER = 8 };

KNAS_CLONES
void knas_row_dots(
    int64_t rows, int64_t width, const float *x, int64_t columns, const float *w, float *out) {
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t c = 0; c < columns; c++) {
            out[r * columns + c] += knas_row_dot(width, x + r * width, w + c * width);
        }
    }
}

KNAS_CLONES
void knas_weighted_row_sums(
    int64_t rows, int64_t width, const float *x, int64_t columns, const float *s, float *out) {
    KNAS_REASSOCIATE
    int64_t r = 0;
    // Several rows for each pass over a sum: it is read and written less often, and rounded less.
    for (; r + TOGETHER <= rows; r += TOGETHER) {
        const float *row = x + r * width;
        for (int64_t c = 0; c < columns; c++) {
            const float *t = s + r * columns + c;
            const float a = t[0], b = t[columns], d = t[2 * columns], e = t[3 * columns];
            const float f = t[4 * columns], g = t[5 * columns], h = t[6 * columns];
            const float k = t[7 * columns];
            KNAS_EACH(
                i, width, 1, out + c * width,
                ((a * row[i] + b * row[i + width])
                    + (d * row[i + 2 * width] + e * row[i + 3 * width]))
                    + ((f * row[i + 4 * width] + g * row[i + 5 * width])
                        + (h * row[i + 6 * width] + k * row[i + 7 * width])));
        }
    }
    for (; r < rows; r++) {
        for (int64_t c = 0; c < columns; c++) {
            const float a = s[r * columns + c];
            KNAS_EACH(i, width, 1, out + c * width, a * x[r * width + i]);
        }
    }
}
