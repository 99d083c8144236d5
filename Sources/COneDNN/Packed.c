#include "Library.h"

#ifndef KNAS_HAS_ONEDNN

knas_bf16_weights *knas_bf16_pack(int64_t n, int64_t k, const float *weights, const float *bias) {
    return NULL;
}
void knas_bf16_free(knas_bf16_weights *weights) {}
int knas_bf16_multiply(const knas_bf16_weights *weights, int64_t m, const float *x, float *y) {
    return 1;
}

#else

// Rows are multiplied in blocks: a few sizes of block are a few programs that oneDNN has to make.
enum { BLOCK = 256, STEP = 16, SIZES = BLOCK / STEP };

struct knas_bf16_weights {
    int64_t n, k;
    uint16_t *packed;
    float *bias;
    dnnl_memory_desc_t layout;
    // One for each number of rows: STEP, 2 STEP, ..., BLOCK; and the memory that it works in, which
    // is given to it, as oneDNN's own is for one thread.
    dnnl_primitive_t products[SIZES];
    dnnl_memory_desc_t scratch[SIZES];
};

// The product with (size + 1) STEP rows; with `choose`, oneDNN says how weights are to be laid out.
static dnnl_status_t make_product(knas_bf16_weights *w, int size, int choose) {
    int64_t rows = (int64_t)(size + 1) * STEP;
    dnnl_memory_desc_t x, weights = w->layout, bias, y;
    dnnl_matmul_desc_t matmul;
    dnnl_primitive_desc_t made;
    dnnl_status_t status = knas_describe(&x, rows, w->k, dnnl_bf16, 0);
    if (!status) status = knas_describe(&y, rows, w->n, dnnl_f32, 0);
    if (!status && w->bias) status = knas_describe(&bias, 1, w->n, dnnl_f32, 0);
    if (!status && choose) {
        dnnl_dims_t sizes = {w->k, w->n};
        status = knas_p_dnnl_memory_desc_init_by_tag(&weights, 2, sizes, dnnl_bf16, dnnl_format_tag_any);
    }
    if (!status) status = knas_p_dnnl_matmul_desc_init(&matmul, &x, &weights, w->bias ? &bias : NULL, &y);
    if (!status) status = knas_make_description(&matmul, 0, &made);
    if (status) return status;
    const dnnl_memory_desc_t *scratch =
        knas_p_dnnl_primitive_desc_query_md(made, dnnl_query_scratchpad_md, 0);
    if (scratch) w->scratch[size] = *scratch;
    if (choose) {
        const dnnl_memory_desc_t *chosen =
            knas_p_dnnl_primitive_desc_query_md(made, dnnl_query_weights_md, 0);
        if (chosen) w->layout = *chosen;
        else status = dnnl_runtime_error;
    }
    if (!status) status = knas_p_dnnl_primitive_create(&w->products[size], made);
    knas_p_dnnl_primitive_desc_destroy(made);
    return status;
}

// Lays the weights out.
static dnnl_status_t pack(knas_bf16_weights *w, const float *weights) {
    knas_workspace *space = knas_own_workspace((size_t)(w->n * w->k) * 2, 0, 0);
    if (!space) return dnnl_out_of_memory;
    dnnl_memory_desc_t plain;
    dnnl_primitive_desc_t made;
    dnnl_primitive_t reorder;
    dnnl_memory_t from = NULL, to = NULL;
    // [n, k] row after row is [k, n] column after column.
    dnnl_status_t status = knas_describe(&plain, w->k, w->n, dnnl_bf16, 1);
    if (!status) {
        status = knas_p_dnnl_reorder_primitive_desc_create(&made, &plain, knas_engine, &w->layout, knas_engine, NULL);
    }
    if (status) return status;
    status = knas_p_dnnl_primitive_create(&reorder, made);
    knas_p_dnnl_primitive_desc_destroy(made);
    if (status) return status;
    knas_bf16_round(w->n * w->k, weights, space->rows.start);
    status = knas_p_dnnl_memory_create(&from, &plain, knas_engine, space->rows.start);
    if (!status) status = knas_p_dnnl_memory_create(&to, &w->layout, knas_engine, w->packed);
    if (!status) {
        dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
        status = knas_execute(reorder, space, 2, arguments);
    }
    if (from) knas_p_dnnl_memory_destroy(from);
    if (to) knas_p_dnnl_memory_destroy(to);
    knas_p_dnnl_primitive_destroy(reorder);
    return status;
}

knas_bf16_weights *knas_bf16_pack(int64_t n, int64_t k, const float *weights, const float *bias) {
    knas_bf16_weights *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->n = n;
    w->k = k;
    if (bias) {
        w->bias = malloc((size_t)n * 4);
        if (!w->bias) goto failed;
        memcpy(w->bias, bias, (size_t)n * 4);
    }
    if (make_product(w, SIZES - 1, 1) != dnnl_success) goto failed;
    for (int size = 0; size < SIZES - 1; size++) {
        if (make_product(w, size, 0) != dnnl_success) goto failed;
    }
    w->packed = aligned_alloc(64, (knas_p_dnnl_memory_desc_get_size(&w->layout) + 63) / 64 * 64);
    if (!w->packed || pack(w, weights) != dnnl_success) goto failed;
    return w;
failed:
    knas_bf16_free(w);
    return NULL;
}

void knas_bf16_free(knas_bf16_weights *w) {
    if (!w) return;
    for (int size = 0; size < SIZES; size++) {
        if (w->products[size]) knas_p_dnnl_primitive_destroy(w->products[size]);
    }
    free(w->packed);
    free(w->bias);
    free(w);
}

// Up to BLOCK rows.
static int multiply_block(const knas_bf16_weights *w, int64_t m, const float *x, float *y) {
    int64_t size = (m + STEP - 1) / STEP, rows = size * STEP;
    const dnnl_memory_desc_t *scratch_desc = &w->scratch[size - 1];
    // A block that is not full is written elsewhere first.
    knas_workspace *space = knas_own_workspace(
        (size_t)(rows * w->k) * 2, rows == m ? 0 : (size_t)(rows * w->n) * 4,
        knas_p_dnnl_memory_desc_get_size(scratch_desc));
    if (!space) return dnnl_out_of_memory;
    uint16_t *rounded = space->rows.start;
    knas_bf16_round(m * w->k, x, rounded);
    memset(rounded + m * w->k, 0, (size_t)((rows - m) * w->k) * 2);
    float *target = rows == m ? y : space->result.start;
    dnnl_memory_desc_t x_desc, y_desc, bias_desc;
    dnnl_memory_t x_memory = NULL, y_memory = NULL, weights = NULL, bias = NULL, scratch = NULL;
    dnnl_status_t status = knas_describe(&x_desc, rows, w->k, dnnl_bf16, 0);
    if (!status) status = knas_describe(&y_desc, rows, w->n, dnnl_f32, 0);
    if (!status) status = knas_p_dnnl_memory_create(&x_memory, &x_desc, knas_engine, rounded);
    if (!status) status = knas_p_dnnl_memory_create(&y_memory, &y_desc, knas_engine, target);
    if (!status) status = knas_p_dnnl_memory_create(&weights, &w->layout, knas_engine, w->packed);
    if (!status) status = knas_p_dnnl_memory_create(&scratch, scratch_desc, knas_engine, space->scratch.start);
    if (!status && w->bias) {
        status = knas_describe(&bias_desc, 1, w->n, dnnl_f32, 0);
        if (!status) status = knas_p_dnnl_memory_create(&bias, &bias_desc, knas_engine, w->bias);
    }
    if (!status) {
        dnnl_exec_arg_t arguments[] = {
            {DNNL_ARG_SRC, x_memory}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, y_memory},
            {DNNL_ARG_SCRATCHPAD, scratch}, {DNNL_ARG_BIAS, bias},
        };
        status = knas_execute(w->products[size - 1], space, w->bias ? 5 : 4, arguments);
    }
    if (x_memory) knas_p_dnnl_memory_destroy(x_memory);
    if (y_memory) knas_p_dnnl_memory_destroy(y_memory);
    if (weights) knas_p_dnnl_memory_destroy(weights);
    if (bias) knas_p_dnnl_memory_destroy(bias);
    if (scratch) knas_p_dnnl_memory_destroy(scratch);
    if (!status && target != y) memcpy(y, target, (size_t)(m * w->n) * 4);
    return status;
}

int knas_bf16_multiply(const knas_bf16_weights *w, int64_t m, const float *x, float *y) {
    for (int64_t first = 0; first < m; first += BLOCK) {
        int64_t count = m - first < BLOCK ? m - first : BLOCK;
        int status = multiply_block(w, count, x + first * w->k, y + first * w->n);
        if (status) return status;
    }
    return 0;
}

#endif
