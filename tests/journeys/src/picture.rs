//! Reading a printed code back, by another implementation than the one that drew it.

use base64::Engine as _;

/// What the one QR code in a base64 PNG says, its version, and the picture's width in dots.
pub fn read_png(base64: &str) -> (String, usize, usize) {
    let bytes = base64::engine::general_purpose::STANDARD.decode(base64).expect("base64");
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().expect("a PNG");
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    reader.next_frame(&mut pixels).expect("its pixels");
    assert_eq!(pixels.len(), width * height, "one byte a dot");
    let (text, version) = read(width, height, |x, y| pixels[y * width + x]);
    (text, version, width)
}

/// The same of our SVG: one white square and one path of runs `Mx yhNv1h-Nz`, drawn here by its own rules.
pub fn read_svg(svg: &str) -> (String, usize) {
    const SCALE: usize = 8;
    let side: usize = between(svg, "viewBox=\"0 0 ", " ").parse().expect("a side");
    let runs = svg.rsplit("<path d=\"").next().expect("a path").split('"').next().expect("its end");
    let mut dark = vec![false; side * side];
    for run in runs.split('z').filter(|run| !run.is_empty()) {
        let (start, rest) = run.strip_prefix('M').and_then(|run| run.split_once('h')).expect("Mx yh…");
        let (x, y) = start.split_once(' ').expect("x y");
        let (x, y): (usize, usize) = (x.parse().expect("x"), y.parse().expect("y"));
        let (length, back) = rest.split_once("v1h-").expect("Nv1h-N");
        assert_eq!(length, back);
        let length: usize = length.parse().expect("a length");
        dark[y * side + x..y * side + x + length].fill(true);
    }
    read(side * SCALE, side * SCALE, |x, y| if dark[y / SCALE * side + x / SCALE] { 0 } else { 255 })
}

fn read(width: usize, height: usize, dot: impl FnMut(usize, usize) -> u8) -> (String, usize) {
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, dot);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one code");
    let (meta, text) = grids[0].decode().expect("a readable code");
    (text, meta.version.0)
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split(start).nth(1).and_then(|rest| rest.split(end).next()).expect("the marks")
}
