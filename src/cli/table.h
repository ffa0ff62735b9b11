// Tables for people. They fit the terminal: one column gives way and is cut with an ellipsis; on a
// pipe nothing is cut. Cells are foreign text and are made visible here, so no verb can forget it.
// Values; thread safe.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "cli/paint.h"

namespace countersign::cli {

struct Column {
    enum class Side { Left, Right };
    /// Yields: is cut when the row is too wide. Wraps, for the last column: goes on below itself.
    enum class Width { Fixed, Yields, Wraps };
    std::string title;
    Side side = Side::Left;
    Width width = Width::Fixed;
};

class Table {
public:
    explicit Table(std::vector<Column> columns);

    struct Cell {
        std::string text;
        Tone tone = Tone::Plain;
        Cell(std::string words, Tone how = Tone::Plain)  // NOLINT implicit: rows read as lists
            : text(std::move(words)), tone(how) {}
    };
    /// As many cells as columns; missing ones are empty.
    void add(std::vector<Cell> row);
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    /// Header and rows, each line ending in a newline; trailing spaces are left out.
    [[nodiscard]] std::string print(const Look& look) const;

private:
    [[nodiscard]] std::vector<std::size_t> widths(const Look& look) const;

    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

/// "name   value" lines, names dim and padded to one width; values wrapped.
std::string print_pairs(const Look& look,
                        const std::vector<std::pair<std::string, std::string>>& pairs);

}  // namespace countersign::cli
