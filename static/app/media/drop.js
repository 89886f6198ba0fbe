/** Let users drop files on an element. It has the class `dropping` while files are over it. `take(files)` gets them. */
export function takeDrops(element, take) {
  let depth = 0;
  const leave = () => {
    depth = 0;
    element.classList.remove('dropping');
  };
  const hasFiles = ({ dataTransfer }) => dataTransfer?.types.includes('Files');
  element.addEventListener('dragenter', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth += 1;
    element.classList.add('dropping');
  });
  element.addEventListener('dragover', (event) => hasFiles(event) && event.preventDefault());
  element.addEventListener('dragleave', (event) => hasFiles(event) && (depth -= 1) <= 0 && leave());
  element.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    leave();
    take(event.dataTransfer.files);
  });
}
