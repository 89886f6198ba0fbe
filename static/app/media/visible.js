/** Call `work()` once, when the element comes into view. */
export function whenVisible(element, work) {
  const observer = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    work();
  });
  observer.observe(element);
}
