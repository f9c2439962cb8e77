// Shows the wire wherever the document has a place for it: each place names the module that fills it, or,
// like the button of a room, that takes it over.
for (const place of document.querySelectorAll('[data-show]')) {
  const module = `/pkg/${place.dataset.show}`;
  const { default: load, show } = await import(`${module}.js`);
  await load({ module_or_path: `${module}.wasm` });
  show(place);
}
