import { close, ioctl, lseek, MAP_SHARED, mmap, open, O_RDWR, PROT_READ, PROT_WRITE, SEEK_SET, usleep, write } from 'user/libc'
import { ptr } from 'linux/types'
import { VFIO_DMA_MAP_FLAG_READ, VFIO_DMA_MAP_FLAG_WRITE, VFIO_GROUP_GET_DEVICE_FD, VFIO_GROUP_SET_CONTAINER, VFIO_IOMMU_MAP_DMA, VFIO_IOMMU_UNMAP_DMA, VFIO_PCI_BAR0_REGION_INDEX, VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_OFFSET, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU } from 'linux/vfio'

const PAGE_SIZE = 4096
const PEER_IOVA = 0x10000000
const PCI_COMMAND = 4
const MEMORY = 2
const MASTER = 4
const MEMORY_REGION = 2

/** `pwrite()` of a small number to a region of a device. */
function write_at(fd: number, region: number, offset: number, value: number, size: number) {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = value >>> (8 * i)
  lseek(fd, region * VFIO_PCI_OFFSET + offset, SEEK_SET)
  return write(fd, bytes, size)
}

/** Opens the group of a card and puts it into the container. */
function join(container: number, path: string) {
  const group = open(path, O_RDWR)
  if (group >= 0) ioctl(group, VFIO_GROUP_SET_CONTAINER, ptr(container))
  return group
}

/** A virtual machine with two cards, of which one works with the memory of the other. */
export function vmm(memory_group: string, copier_group: string) {
  const container = open('/dev/vfio/vfio', O_RDWR)
  const groups = [join(container, memory_group), join(container, copier_group)]
  if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0) return 1
  const card = ioctl(groups[0]!, VFIO_GROUP_GET_DEVICE_FD, '0000:01:00.0')
  const copier = ioctl(groups[1]!, VFIO_GROUP_GET_DEVICE_FD, '0000:02:00.0')
  if (card < 0 || copier < 0) return 1

  const offset = MEMORY_REGION * VFIO_PCI_OFFSET
  const bar = mmap(0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, card, offset)
  const flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE
  const map = { argsz: 32, flags, vaddr: bar, iova: PEER_IOVA, size: PAGE_SIZE }
  if (ioctl(container, VFIO_IOMMU_MAP_DMA, map) < 0) return 1
  write_at(copier, VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND, MEMORY | MASTER, 2)
  write_at(copier, VFIO_PCI_BAR0_REGION_INDEX, 0, PEER_IOVA, 4)
  usleep(5000)

  // The guest turns the memory of its card off: first nobody must use it any more.
  write_at(copier, VFIO_PCI_BAR0_REGION_INDEX, 0, 0, 4)
  usleep(2000)
  ioctl(container, VFIO_IOMMU_UNMAP_DMA, { argsz: 24, flags: 0, iova: PEER_IOVA, size: PAGE_SIZE })
  write_at(card, VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND, 0, 2)

  for (const fd of [card, copier, groups[0]!, groups[1]!, container]) close(fd)
  return 0
}
