#pragma once
#include <cblas.h>

// LAPACK's functions that OpenBLAS contains: Fortran order, everything by address. Not every system
// installs a header for them. The symmetric eigensolver (divide and conquer):
void dsyevd_(
    const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
    double *work, const int *lwork, int *iwork, const int *liwork, int *info);

// Cholesky's factorisation, and solving with it.
void spotrf_(const char *uplo, const int *n, float *a, const int *lda, int *info);
void spotrs_(
    const char *uplo, const int *n, const int *nrhs, const float *a, const int *lda, float *b,
    const int *ldb, int *info);

// OpenBLAS's buffers, one for every thread that multiplies: exported, but in no header.
void *blas_memory_alloc(int place);
void blas_memory_free(void *buffer);
