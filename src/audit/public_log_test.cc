// The log as the static files of tlog-tiles: the same bytes whether the gateway makes one on
// request or all are written out, and enough to check every record without anything else of ours.
#include "audit/public_log.h"

#include <gtest/gtest.h>

#include "audit/layout.h"
#include "audit/test_log.h"
#include "audit/tile_name.h"

namespace countersign::audit {
namespace {

TEST(TileName, SpellsAsTheSpecificationDoes) {
    TileName name;
    name.number = 1'234'067;
    EXPECT_EQ(print_tile_name(name), "tile/0/x001/x234/067");
    name.width = 8;
    name.level = 3;
    EXPECT_EQ(print_tile_name(name), "tile/3/x001/x234/067.p/8");
    name.kind = TileName::Kind::Entries;
    EXPECT_EQ(print_tile_name(name), "tile/entries/x001/x234/067.p/8");
}

TEST(TileName, OneSpellingOnly) {
    for (const char* good : {"tile/0/000", "tile/7/999", "tile/0/x001/000", "tile/entries/000.p/1",
                             "tile/1/x010/x000/255.p/255"}) {
        const auto name = parse_tile_name(good);
        ASSERT_TRUE(name.has_value()) << good;
        EXPECT_EQ(print_tile_name(*name), good);
    }
    for (const char* bad : {"",
                            "tile",
                            "tile/",
                            "tile/0",
                            "tile/0/",
                            "tile/0/00",
                            "tile/0/0000",
                            "tile/8/000",
                            "tile/-1/000",
                            "tile/00/000",
                            "tile/0/x000/000",
                            "tile/0/x001",
                            "tile/0/001/000",
                            "tile/0/000.p/0",
                            "tile/0/000.p/256",
                            "tile/0/000.p/08",
                            "tile/0/000.p/8/",
                            "tile/0/000.p",
                            "tile/entries/../000",
                            "tile/0/x999/x999/x999/x999/x999/x999/000",
                            "tile/0/000.p/8.p/8",
                            "tile/entries/000/",
                            "/tile/0/000",
                            "tile/0/0x1"}) {
        EXPECT_FALSE(parse_tile_name(bad).has_value()) << bad;
    }
}

class PublicLogTest : public LogTest {
protected:
    /// Every file that a tree of `size` needs.
    static std::vector<TileName> names(std::uint64_t size) {
        std::vector<TileName> out;
        for (unsigned level = 0; (size >> (kTileHeight * level)) > 0; ++level) {
            const std::uint64_t count = size >> (kTileHeight * level);
            for (std::uint64_t at = 0; at < count; at += kTileWidth) {
                TileName name;
                name.level = level;
                name.number = at / kTileWidth;
                name.width = static_cast<unsigned>(std::min<std::uint64_t>(kTileWidth, count - at));
                out.push_back(name);
                if (level == 0) {
                    name.kind = TileName::Kind::Entries;
                    out.push_back(name);
                }
            }
        }
        return out;
    }
};

TEST_F(PublicLogTest, FilesOnRequestAndWrittenOutAreTheSame) {
    auto log = open(50'000);
    fill(*log, 600);
    ASSERT_TRUE(log->append(alert(std::string(100'000, 'x'))).ok());
    const std::string note = log->checkpoint().take();
    fill(*log, 300);
    const auto report = publish_log(files_, "/log", "/out");
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_EQ(report->records, 601U);
    EXPECT_EQ(files_.contents()["/out/checkpoint"], note);
    EXPECT_EQ(log->public_file("checkpoint").take(), note);
    std::size_t count = 2;
    for (const TileName& name : names(601)) {
        const std::string path = print_tile_name(name);
        const auto made = log->public_file(path);
        ASSERT_TRUE(made.ok()) << path;
        EXPECT_EQ(made.value(), files_.contents()["/out/" + path]) << path;
        ++count;
    }
    EXPECT_EQ(report->written + 1, count);  // the checkpoint is not counted, the blob is
    EXPECT_EQ(publish_log(files_, "/log", "/out")->written, 0U);
}

TEST_F(PublicLogTest, BundlesHoldTheRecordsAndTilesTheirHashes) {
    auto log = open(50'000);
    fill(*log, 300);
    const auto head = parse_tree_head(log->checkpoint().take());
    const auto bundle = parse_entry_bundle(log->public_file("tile/entries/001.p/44").take());
    ASSERT_TRUE(bundle.has_value());
    ASSERT_EQ(bundle->size(), 44U);
    EXPECT_EQ(bundle->back(), log->read_line(299)->line);
    const std::string hashes = log->public_file("tile/0/001.p/44").take();
    const crypto::Digest leaf = leaf_hash(bundle->back());
    EXPECT_EQ(crypto::Digest::from_bytes(hashes.substr(43 * 32)), leaf);
    const std::string full = log->public_file("tile/0/000").take();
    MerkleFrontier whole;
    for (const std::string& tile : {full, hashes}) {
        for (std::size_t at = 0; at < tile.size(); at += 32) {
            whole.add(*crypto::Digest::from_bytes(tile.substr(at, 32)));
        }
    }
    EXPECT_EQ(whole.root(), head->root);
}

TEST_F(PublicLogTest, NothingBeyondTheCheckpointIsShown) {
    auto log = open();
    fill(*log, 300);
    EXPECT_EQ(log->public_file("checkpoint").error().code, ErrorCode::NotFound);
    EXPECT_EQ(log->public_file("tile/0/000").error().code, ErrorCode::NotFound);
    ASSERT_TRUE(log->checkpoint().ok());
    fill(*log, 300);
    EXPECT_TRUE(log->public_file("tile/entries/001.p/44").ok());
    for (const char* path : {"tile/entries/001.p/45", "tile/entries/001", "tile/0/001",
                             "tile/1/001", "tile/1/000", "tile/1/000.p/2", "key", "lock", "../key",
                             "blobs/x", "segments/00000000000000000000.jsonl", "blobs/../key"}) {
        EXPECT_EQ(log->public_file(path).error().code, ErrorCode::NotFound) << path;
    }
}

TEST_F(PublicLogTest, ALogWhoseRecordsAreNotTheCheckpointsIsNotPublished) {
    auto log = open(1'000'000);
    fill(*log, 10);
    ASSERT_TRUE(log->checkpoint().ok());
    std::string& segment = files_.contents()["/log/segments/00000000000000000000.jsonl"];
    segment[segment.find("number 5") + 7] = '6';
    EXPECT_EQ(publish_log(files_, "/log", "/out").error().code, ErrorCode::Corrupt);
    EXPECT_FALSE(files_.contents().contains("/out/checkpoint"));
    EXPECT_EQ(publish_log(files_, "/nowhere", "/out").error().code, ErrorCode::NotFound);
}

TEST(EntryBundle, AnyCutIsNoBundleOrAShorterOne) {
    const std::string bundle = entry_bundle({"first", "", std::string(65'535, 'x')});
    EXPECT_EQ(parse_entry_bundle(bundle)->size(), 3U);
    EXPECT_FALSE(parse_entry_bundle(bundle.substr(0, bundle.size() - 1)).has_value());
    EXPECT_FALSE(parse_entry_bundle(bundle.substr(0, 3)).has_value());
    EXPECT_EQ(parse_entry_bundle("")->size(), 0U);
    EXPECT_FALSE(parse_entry_bundle(std::string(2 * 257, '\0')).has_value());
}

}  // namespace
}  // namespace countersign::audit
