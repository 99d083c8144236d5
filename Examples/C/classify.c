// Classifies the lines of standard input:
//
//     cc classify.c -lknas -o classify && ./classify runs/demo/model < texts.txt
#include <knas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: classify MODEL < TEXTS\n");
        return KNAS_USAGE;
    }
    char *error = NULL;
    knas_classifier *classifier = knas_open(arguments[1], NULL, 0, &error);
    if (!classifier) {
        fprintf(stderr, "%s\n", error);
        knas_free(error);
        return KNAS_MISSING_FILE;
    }
    int classes = knas_value_count(classifier);
    float *values = malloc(sizeof(float) * (size_t)classes);
    char *line = NULL;
    size_t capacity = 0;
    int status = KNAS_OK;
    while (getline(&line, &capacity, stdin) > 0) {
        line[strcspn(line, "\n")] = 0;
        const char *text = line;
        status = knas_classify(classifier, &text, NULL, 1, values, &error);
        if (status != KNAS_OK) {
            fprintf(stderr, "%s\n", error);
            knas_free(error);
            break;
        }
        int best = 0;
        for (int i = 1; i < classes; i++) best = values[i] > values[best] ? i : best;
        printf("%s\t%.3f\t%s\n", knas_label(classifier, best), values[best], line);
    }
    free(line);
    free(values);
    knas_close(classifier);
    return status;
}
