#include "cli/table.h"

#include <algorithm>
#include <numeric>

namespace countersign::cli {
namespace {

constexpr std::size_t kGap = 2;
/// A yielding column keeps at least this much, even where the row then wraps.
constexpr std::size_t kYieldLeast = 10;

/// `at`: columns to the left of the cell.
void append_cell(std::string& line, const Look& look, const Column& column, const Table::Cell& cell,
                 std::size_t at, std::size_t width) {
    const std::string visible =
        shown(look, cell.text, column.width == Column::Width::Yields ? width : 0);
    if (column.width == Column::Width::Wraps) {
        line += paint(look, cell.tone, wrap(look, visible, at));
        return;
    }
    const std::size_t has = columns_of(visible);
    const std::string padding(width > has ? width - has : 0, ' ');
    if (column.side == Column::Side::Right) {
        line += padding + paint(look, cell.tone, visible);
    } else {
        line += paint(look, cell.tone, visible) + padding;
    }
}

void end_line(std::string& out, std::string line) {
    while (line.ends_with(' ')) {
        line.pop_back();
    }
    out += line + "\n";
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add(std::vector<Cell> row) {
    row.resize(columns_.size(), Cell(""));
    rows_.push_back(std::move(row));
}

std::vector<std::size_t> Table::widths(const Look& look) const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t widest = columns_of(columns_[i].title);
        for (const auto& row : rows_) {
            widest = std::max(widest, columns_of(shown(look, row[i].text)));
        }
        widths.push_back(widest);
    }
    const std::size_t total =
        std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
    const auto room = static_cast<std::size_t>(std::max(look.width, 0));
    std::size_t excess = room > 0 && total > room ? total - room : 0;
    for (std::size_t i = columns_.size(); i-- > 0 && excess > 0;) {
        if (columns_[i].width == Column::Width::Yields && widths[i] > kYieldLeast) {
            const std::size_t given = std::min(excess, widths[i] - kYieldLeast);
            widths[i] -= given;
            excess -= given;
        }
    }
    return widths;
}

std::string Table::print(const Look& look) const {
    const auto width = widths(look);
    std::string out;
    std::string header;
    std::vector<std::size_t> at;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        at.push_back(i == 0 ? 0 : at[i - 1] + width[i - 1] + kGap);
        header += i == 0 ? "" : std::string(kGap, ' ');
        append_cell(header, look, columns_[i], Cell(columns_[i].title, Tone::Dim), at[i], width[i]);
    }
    end_line(out, std::move(header));
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            line += i == 0 ? "" : std::string(kGap, ' ');
            append_cell(line, look, columns_[i], row[i], at[i], width[i]);
        }
        end_line(out, std::move(line));
    }
    return out;
}

std::string print_pairs(const Look& look,
                        const std::vector<std::pair<std::string, std::string>>& pairs) {
    std::size_t widest = 0;
    for (const auto& [name, value] : pairs) {
        widest = std::max(widest, columns_of(name));
    }
    std::string out;
    for (const auto& [name, value] : pairs) {
        out += paint(look, Tone::Dim, pad(name, widest)) + std::string(kGap, ' ') +
               wrap(look, shown(look, value), widest + kGap) + "\n";
    }
    return out;
}

}  // namespace countersign::cli
