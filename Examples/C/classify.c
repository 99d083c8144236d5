// Classifies the lines of standard input; with a share of them that may be answered wrong, only those of which one class
// remains, and that are like those of training:
//
//     cc classify.c -lknas -o classify && ./classify runs/demo/model < texts.txt
//     ./classify runs/demo/model 0.05 < texts.txt
#include <knas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **arguments) {
    if (count < 2 || count > 3) {
        fprintf(stderr, "usage: classify MODEL [SHARE] < TEXTS\n");
        return KNAS_USAGE;
    }
    double abstain = count > 2 ? atof(arguments[2]) : 0;
    char *error = NULL;
    knas_classifier *classifier = knas_open(arguments[1], NULL, 0, &error);
    if (!classifier) {
        fprintf(stderr, "%s\n", error);
        knas_free(error);
        return KNAS_MISSING_FILE;
    }
    int classes = knas_value_count(classifier);
    float *values = malloc(sizeof(float) * (size_t)classes);
    uint8_t *set = malloc((size_t)classes);
    char *line = NULL;
    size_t capacity = 0;
    int status = KNAS_OK;
    while (getline(&line, &capacity, stdin) > 0) {
        line[strcspn(line, "\n")] = 0;
        const char *text = line;
        double familiarity = 1;
        status = count > 2 ? knas_assess(
                                 classifier, &text, NULL, 1, abstain, values, set, NULL, &familiarity, &error)
                           : knas_classify(classifier, &text, NULL, 1, values, &error);
        if (status != KNAS_OK) {
            fprintf(stderr, "%s\n", error);
            knas_free(error);
            break;
        }
        int best = 0, remain = 0;
        for (int i = 1; i < classes; i++) best = values[i] > values[best] ? i : best;
        for (int i = 0; i < classes && count > 2; i++) remain += set[i];
        if (count > 2 && (remain != 1 || familiarity <= 0.05))
            printf("?\t%.3f\t%s\n", values[best], line);
        else
            printf("%s\t%.3f\t%s\n", knas_label(classifier, best), values[best], line);
    }
    free(line);
    free(set);
    free(values);
    knas_close(classifier);
    return status;
}
