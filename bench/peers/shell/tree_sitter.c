/* One pass of tree-sitter-bash over the texts of a file (see bench/shell.cc): nanoseconds. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <tree_sitter/api.h>

const TSLanguage *tree_sitter_bash(void);

int main(int count, char **words) {
    FILE *file = count == 2 ? fopen(words[1], "rb") : NULL;
    if (file == NULL) return 2;
    char **texts = NULL;
    size_t *sizes = NULL, size, many = 0;
    while (fscanf(file, "%zu", &size) == 1) {
        fgetc(file);
        texts = realloc(texts, (many + 1) * sizeof *texts);
        sizes = realloc(sizes, (many + 1) * sizeof *sizes);
        texts[many] = malloc(size + 1);
        sizes[many] = fread(texts[many], 1, size, file);
        ++many;
    }
    TSParser *parser = ts_parser_new();
    if (!ts_parser_set_language(parser, tree_sitter_bash())) return 3;
    struct timespec begin, end;
    size_t clean = 0;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (size_t i = 0; i < many; ++i) {
        TSTree *tree = ts_parser_parse_string(parser, NULL, texts[i], (uint32_t)sizes[i]);
        clean += !ts_node_has_error(ts_tree_root_node(tree));
        ts_tree_delete(tree);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%lld %zu\n",
           (end.tv_sec - begin.tv_sec) * 1000000000LL + (end.tv_nsec - begin.tv_nsec), clean);
    return 0;
}
