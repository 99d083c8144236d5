#include "Library.h"

#ifndef KNAS_HAS_ONEDNN

int knas_bf16_product(
    int64_t m, int64_t n, int64_t k, const uint16_t *a, int transposed_a, const uint16_t *b,
    int transposed_b, const float *bias, float *c, int accumulate) {
    return 1;
}

#else

enum { TRANSPOSED_A = 1, TRANSPOSED_B = 2, BIAS = 4, ACCUMULATE = 8 };

// NULL where memory is short or oneDNN refuses.
static knas_product *make(int64_t m, int64_t n, int64_t k, int flags) {
    dnnl_memory_desc_t a, b, bias, c;
    dnnl_matmul_desc_t matmul;
    dnnl_primitive_desc_t made;
    dnnl_status_t status = knas_describe(&a, m, k, dnnl_bf16, flags & TRANSPOSED_A);
    if (!status) status = knas_describe(&b, k, n, dnnl_bf16, flags & TRANSPOSED_B);
    if (!status) status = knas_describe(&bias, 1, n, dnnl_f32, 0);
    if (!status) status = knas_describe(&c, m, n, dnnl_f32, 0);
    if (!status) {
        status = knas_p_dnnl_matmul_desc_init(&matmul, &a, &b, flags & BIAS ? &bias : NULL, &c);
    }
    if (!status) status = knas_make_description(&matmul, flags & ACCUMULATE, &made);
    if (status) return NULL;
    knas_product *product = calloc(1, sizeof *product);
    if (product) {
        *product = (knas_product){.m = m, .n = n, .k = k, .flags = flags};
        const dnnl_memory_desc_t *scratch =
            knas_p_dnnl_primitive_desc_query_md(made, dnnl_query_scratchpad_md, 0);
        if (scratch) product->scratch = *scratch;
        if (knas_p_dnnl_primitive_create(&product->primitive, made) != dnnl_success) {
            free(product);
            product = NULL;
        }
    }
    knas_p_dnnl_primitive_desc_destroy(made);
    return product;
}

// The thread's product of this size: the one that it has, or a new one in the place of what was there.
static knas_product *find(knas_workspace *space, int64_t m, int64_t n, int64_t k, int flags) {
    uint64_t hash = 0x9e3779b97f4a7c15u;
    const int64_t parts[] = {m, n, k, flags};
    for (int i = 0; i < 4; i++) hash = (hash ^ (uint64_t)parts[i]) * 0xff51afd7ed558ccdu;
    knas_product **place = &space->products[(hash >> 40) % KNAS_PRODUCTS], *product = *place;
    if (product) {
        if (product->m == m && product->n == n && product->k == k && product->flags == flags) {
            return product;
        }
        knas_p_dnnl_primitive_destroy(product->primitive);
        free(product);
    }
    *place = make(m, n, k, flags);
    return *place;
}

int knas_bf16_product(
    int64_t m, int64_t n, int64_t k, const uint16_t *a, int transposed_a, const uint16_t *b,
    int transposed_b, const float *bias, float *c, int accumulate) {
    const int flags = (transposed_a ? TRANSPOSED_A : 0) | (transposed_b ? TRANSPOSED_B : 0)
        | (bias ? BIAS : 0) | (accumulate ? ACCUMULATE : 0);
    knas_workspace *space = knas_own_workspace(0, 0, 0);
    if (!space) return dnnl_out_of_memory;
    const knas_product *product = find(space, m, n, k, flags);
    if (!product) return dnnl_runtime_error;
    if (!knas_own_workspace(0, 0, knas_p_dnnl_memory_desc_get_size(&product->scratch))) {
        return dnnl_out_of_memory;
    }
    dnnl_memory_desc_t a_desc, b_desc, bias_desc, c_desc;
    dnnl_memory_t memories[5] = {NULL};
    dnnl_status_t status = dnnl_success;
    knas_describe(&a_desc, m, k, dnnl_bf16, transposed_a);
    knas_describe(&b_desc, k, n, dnnl_bf16, transposed_b);
    knas_describe(&c_desc, m, n, dnnl_f32, 0);
    knas_describe(&bias_desc, 1, n, dnnl_f32, 0);
    const struct {
        int argument;
        const dnnl_memory_desc_t *description;
        const void *start;
    } operands[] = {
        {DNNL_ARG_SRC, &a_desc, a}, {DNNL_ARG_WEIGHTS, &b_desc, b}, {DNNL_ARG_DST, &c_desc, c},
        {DNNL_ARG_SCRATCHPAD, &product->scratch, space->scratch.start},
        {DNNL_ARG_BIAS, &bias_desc, bias},
    };
    const int count = bias ? 5 : 4;
    dnnl_exec_arg_t arguments[5];
    for (int i = 0; i < count && !status; i++) {
        // oneDNN takes one kind of pointer for what it reads and what it writes.
        status = knas_p_dnnl_memory_create(
            &memories[i], operands[i].description, knas_engine, (void *)operands[i].start);
        arguments[i] = (dnnl_exec_arg_t){operands[i].argument, memories[i]};
    }
    if (!status) status = knas_execute(product->primitive, space, count, arguments);
    for (int i = 0; i < count; i++) {
        if (memories[i]) knas_p_dnnl_memory_destroy(memories[i]);
    }
    return status;
}

#endif
