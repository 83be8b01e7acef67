import { createHost } from './host'
import { startWorkbench } from './workbench/start'

void startWorkbench(createHost())
