// Loads and stores of the register epilogue on the CPU. This follows cuda_on_cpu.h, cutlass_words.h and the rendered headers;
// every threadblock handles one tile.
namespace {
using namespace boltir;

struct Tiles {
  int batches, rows, columns, down, across;
};

/// Any type can hold it exactly.
float value_at(int batch, int row, int column) { return (17 * batch + 31 * row + 7 * column) % 89; }

/// In place of a load: what tells where it belongs.
struct Numbers {
  struct Params {};
  using SharedStorage = NoStorage;
  template <class Place>
  struct Reader {
    Place const place;
    Reader(Params, Place const& place, NoStorage) : place(place) {}
    auto operator()(int m, int n) const {
      Values<float, Place::kProducts> values;
      for (int i = 0; i < kVisited / Place::kProducts; ++i) {
        values[i] = value_at(place.batch, place.row(m, i / 2 % 2), place.column(n, i / 4) + i % 2);
      }
      return values;
    }
  };
};

template <class Load, class Store>
struct Arguments {
  typename Load::Params from;
  typename Store::Params to;
  Tiles tiles;
};

template <class Load, class Store, int kProducts, int kWarpgroups, int kTileRows, int kTileColumns>
void move_tile(Arguments<Load, Store> arguments) {
  using Place = Place<kProducts, 64 * kWarpgroups, kTileRows, kTileColumns>;
  static typename Load::SharedStorage loaded;
  static typename Store::SharedStorage stored;
  Tiles const tiles = arguments.tiles;
  int const thread = threadIdx.x, block = blockIdx.x;
  int const tile_n = block % tiles.across, tile_m = block / tiles.across % tiles.down, batch = block / tiles.across / tiles.down;
  int const first_row = tile_m * kTileRows + thread / 32 * 16 + thread % 32 / 4;
  Place const place{thread, tiles.rows, tiles.columns, tile_m, tile_n, batch, first_row};
  typename Load::template Reader<Place> reader(arguments.from, place, loaded);
  typename Store::template Writer<Place> writer(arguments.to, place, stored);
  for (int n = 0; n < Place::kAcross; ++n) {
    for (int m = 0; m < Place::kDown; ++m) writer(reader(m, n), m, n);
  }
  writer.end([] {});
}

template <class Load, class Store, int kProducts, int kWarpgroups, int kTileRows, int kTileColumns>
void move_tiles(Arguments<Load, Store> arguments) {
  arguments.tiles.down = ceil_div(arguments.tiles.rows, kTileRows);
  arguments.tiles.across = ceil_div(arguments.tiles.columns, kTileColumns);
  cudaLaunchConfig_t config{};
  config.gridDim.x = arguments.tiles.batches * arguments.tiles.down * arguments.tiles.across;
  config.blockDim.x = 128 * kWarpgroups;
  cuda_on_cpu::launch(&config, move_tile<Load, Store, kProducts, kWarpgroups, kTileRows, kTileColumns>, arguments);
}

/// With tiles of several shapes, of one matrix and of two that alternate. `Kinds<kTileRows>` names a load and a store.
template <template <int> class Kinds, class From, class To>
void move(int tile, From const& from, To const& to, Tiles const& tiles) {
  switch (tile) {
    case 0: return move_tiles<typename Kinds<64>::Load, typename Kinds<64>::Store, 1, 1, 64, 64>({from, to, tiles});
    case 1: return move_tiles<typename Kinds<128>::Load, typename Kinds<128>::Store, 1, 1, 128, 160>({from, to, tiles});
    case 2: return move_tiles<typename Kinds<128>::Load, typename Kinds<128>::Store, 1, 2, 128, 192>({from, to, tiles});
    case 3: return move_tiles<typename Kinds<64>::Load, typename Kinds<64>::Store, 2, 1, 64, 32>({from, to, tiles});
    case 4: return move_tiles<typename Kinds<256>::Load, typename Kinds<256>::Store, 2, 2, 256, 64>({from, to, tiles});
  }
}

template <class Address>
Address address_of(void* pointer, int rows, int pitch, int begin, int end) {
  Address address{};
  address.pointer = static_cast<decltype(address.pointer)>(pointer);
  address.row_stride = pitch;
  address.batch_stride = int64_t(rows) * pitch;
  address.begin = begin;
  address.end = end;
  return address;
}

template <class Address, bool kPadded, bool kHasStage = true>
struct Storing {
  template <int kTileRows>
  struct Kinds {
    using Load = Numbers;
    using Store = boltir::Store<float, Address, kPadded, kHasStage ? kTileRows : 0>;
  };
};

template <class From, class To, bool kHasStage = true>
struct Copying {
  template <int kTileRows>
  struct Kinds {
    using Load = boltir::Load<float, From, kHasStage ? kTileRows : 0>;
    using Store = boltir::Store<float, To, false, kTileRows>;
  };
};

/// Stores numbers (with an upper-case kind: without a stage) in the columns [begin, end) of rows that lie `pitch` elements apart.
template <class T, int kVector>
void store_as(char kind, int tile, void* pointer, int const (&sizes)[6]) {
  auto const [batches, rows, columns, begin, end, pitch] = sizes;
  using Rows = Matrix<T, kVector>;
  using Some = Columns<T, kVector>;
  Rows const whole = address_of<Rows>(pointer, rows, pitch, begin, end);
  Some const some = address_of<Some>(pointer, rows, pitch, begin, end);
  Tiles const tiles{batches, rows, columns};
  if (kind == 'e') move<Storing<Rows, false>::template Kinds>(tile, Numbers::Params{}, whole, tiles);
  if (kind == 'E') move<Storing<Rows, false, false>::template Kinds>(tile, Numbers::Params{}, whole, tiles);
  if (kind == 'p') move<Storing<Rows, true>::template Kinds>(tile, Numbers::Params{}, whole, tiles);
  if (kind == 'c') move<Storing<Some, false>::template Kinds>(tile, Numbers::Params{}, some, tiles);
}

/// Stores an operand of rows `columns` elements apart, or of one row that all share.
template <class T, int kVector>
void copy_as(char kind, int tile, void* pointer, void* operand, int const (&sizes)[3]) {
  auto const [batches, rows, columns] = sizes;
  using To = Matrix<T, kVector>;
  using Full = Matrix<T const, kVector>;
  using Row = Matrix<T const, kVector, true>;
  To const to = address_of<To>(pointer, rows, columns, 0, columns);
  Full const full = address_of<Full>(operand, rows, columns, 0, columns);
  Row const row = address_of<Row>(operand, 1, 0, 0, columns);
  Tiles const tiles{batches, rows, columns};
  if (kind == 'f') move<Copying<Full, To>::template Kinds>(tile, full, to, tiles);
  if (kind == 'F') move<Copying<Full, To, false>::template Kinds>(tile, full, to, tiles);
  if (kind == 'r') move<Copying<Row, To>::template Kinds>(tile, row, to, tiles);
}
}  // namespace

#define CASES(name, T, vector)                                                                                                  \
  extern "C" void store_##name##_##vector(char k, int t, void* p, int const(&s)[6]) { store_as<T, vector>(k, t, p, s); }        \
  extern "C" void copy_##name##_##vector(char k, int t, void* p, void* o, int const(&s)[3]) { copy_as<T, vector>(k, t, p, o, s); }
CASES(i8, int8_t, 1)
CASES(i8, int8_t, 4)
CASES(f16, __half, 1)
CASES(f16, __half, 2)
CASES(f16, __half, 4)
CASES(f16, __half, 8)
CASES(f32, float, 1)
CASES(f32, float, 2)
CASES(i64, int64_t, 1)
